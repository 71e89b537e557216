// Files of exported plans: read back as they were written, and refused where they are not what they seem.
#include <gtest/gtest.h>

#include <cstdio>

#include "../bench/dump.hpp"

namespace credence::bench {
namespace {

// A file of these bytes, while it lives.
class File {
 public:
  explicit File(const std::string& bytes) : path(testing::TempDir() + "credence-" + testing::UnitTest::GetInstance()->current_test_info()->name() + ".plan") {
    std::ofstream(path, std::ios::binary) << bytes;
  }
  ~File() { std::remove(path.c_str()); }
  const std::string path;
};

std::string little(uint64_t value, int bytes) {
  std::string text;
  for (int i = 0; i < bytes; ++i) text += char(value >> (8 * i));
  return text;
}

const std::string whole = "CRDNDUMP" + little(2, 4) + little(2, 4) + little(7, 4) + little(8, 4) + little(3, 8) + "abc" + little(0, 8);

std::string messageOf(const std::string& bytes) {
  try {
    readDump(File(bytes).path);
    return "";
  } catch (const std::runtime_error& error) {
    return error.what();
  }
}

TEST(Dump, WordsAndInputsAreReadBack) {
  const Dump dump = readDump(File(whole).path);
  EXPECT_EQ(dump.words, (std::vector<uint32_t>{7, 8}));
  EXPECT_EQ(dump.inputs, (std::vector<std::vector<char>>{{'a', 'b', 'c'}, {}}));
}

TEST(Dump, AFileCutShortAnywhereIsRefused) {
  for (std::size_t length = 8; length < whole.size(); ++length)
    EXPECT_NE(messageOf(whole.substr(0, length)), "") << "cut to " << length << " bytes";
}

TEST(Dump, AnotherFileIsRefused) {
  EXPECT_NE(messageOf("PK\3\4 and so on, long enough").find("not a dump of a plan"), std::string::npos);
  EXPECT_NE(messageOf("CRDNDUMP" + little(0xffffffff, 4) + little(0, 4)).find("more words than it has"), std::string::npos);
  EXPECT_NE(messageOf("CRDNDUMP" + little(0, 4) + little(1, 4) + little(uint64_t{1} << 60, 8)).find("larger than the file"), std::string::npos);
  EXPECT_THROW(readDump("no such file"), std::runtime_error);
}

}  // namespace
}  // namespace credence::bench
