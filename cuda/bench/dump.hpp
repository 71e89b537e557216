// A plan and its inputs in a file, as tools/gpu-check-plans.mjs writes it, all little-endian: "CRDNDUMP", u32 words, u32 inputs,
// the words, then each input as u64 bytes and the bytes.
#pragma once

#include <cstdint>
#include <cstring>
#include <fstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace credence::bench {

struct Dump {
  std::vector<uint32_t> words;
  std::vector<std::vector<char>> inputs;
};

/// @throws std::runtime_error where the file is missing, cut short or something else
inline Dump readDump(const std::string& path) {
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  if (!file) throw std::runtime_error(path + ": cannot be opened");
  const auto size = static_cast<uint64_t>(file.tellg());
  file.seekg(0);
  const auto read = [&](void* to, uint64_t bytes) {
    if (bytes > size || !file.read(static_cast<char*>(to), static_cast<std::streamsize>(bytes)))
      throw std::runtime_error(path + ": it ends before its fields do; export the plans again");
  };
  char magic[8];
  uint32_t counts[2];
  read(magic, sizeof magic);
  if (std::memcmp(magic, "CRDNDUMP", 8) != 0) throw std::runtime_error(path + ": not a dump of a plan");
  read(counts, sizeof counts);
  Dump dump;
  if (counts[0] > size / 4) throw std::runtime_error(path + ": it announces more words than it has");
  dump.words.resize(counts[0]);
  read(dump.words.data(), uint64_t{counts[0]} * 4);
  for (uint32_t i = 0; i < counts[1]; ++i) {
    uint64_t bytes = 0;
    read(&bytes, sizeof bytes);
    if (bytes > size) throw std::runtime_error(path + ": an input is larger than the file");
    dump.inputs.emplace_back(bytes);
    read(dump.inputs.back().data(), bytes);
  }
  return dump;
}

}  // namespace credence::bench
