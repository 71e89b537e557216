// The corpus that the fuzzer starts from: plans as TypeScript encodes them.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <filesystem>

#include "bounded_run.hpp"
#include "fuzz/coverage.hpp"
#include "fuzz/plan_text.hpp"

namespace credence::test {
namespace {

std::vector<std::string> corpus() {
  std::vector<std::string> paths;
  for (const auto& entry : std::filesystem::directory_iterator(CREDENCE_CORPUS)) paths.push_back(entry.path());
  std::sort(paths.begin(), paths.end());
  return paths;
}

/// Halves in f32: positive, so that sums grow and every loop of the corpus ends.
void fillWithHalves(const ExactBytes& buffer) {
  for (int64_t at = 0; at + 4 <= buffer.count(); at += 4) std::memcpy(buffer.data() + at, "\0\0\0\x3f", 4);
}

constexpr const char* anew = "write the corpus anew: npm run fuzz -- --corpus";

TEST(Corpus, HasEveryInstructionStepMonoidAndRowOperation) {
  Coverage coverage;
  for (const std::string& path : corpus()) {
    const Words words = readWords(path);
    coverage.add(decodePlan(words.data(), words.size()));
  }
  EXPECT_EQ(coverage.missing(), std::vector<std::string>{}) << anew;
}

TEST(Corpus, RunsOnEveryInstructionSet) {
  for (const std::string& path : corpus()) {
    const Words words = readWords(path);
    const Plan plan = decodePlan(words.data(), words.size());
    ASSERT_TRUE(isBounded(plan)) << path;
    for (const cpu::Kernels* kernels : cpu::supportedKernels())
      for (const int threads : {1, 2}) runBounded(plan, *kernels, threads, nullptr, fillWithHalves);
  }
}

TEST(Corpus, ComesOutOfItsPiecesAsItWentIn) {
  for (const std::string& path : corpus()) {
    Words words = readWords(path), again = putTogether(takeApart(words));
    words.resize(again.size());  // the encoder pads to whole lines
    EXPECT_EQ(again, words) << path;
  }
}

}  // namespace
}  // namespace credence::test
