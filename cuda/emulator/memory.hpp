// Memory between guard pages. The end of a buffer lies against the following page, its start against a filled margin, so
// that reading or writing past the end faults at once and writing before the start is found by `intact`.
#pragma once

#include <cstddef>

namespace credence::emulator {

class GuardedMemory {
 public:
  explicit GuardedMemory(std::size_t bytes);  // filled with 0xff
  ~GuardedMemory();
  GuardedMemory(const GuardedMemory&) = delete;

  unsigned char* data() const { return data_; }
  std::size_t bytes() const { return bytes_; }
  bool contains(const void* address, std::size_t bytes) const;
  bool inGuard(const void* address) const;  // in the mapping, but outside the data
  bool intact() const;                      // the margins are as they were filled
  void fillMargins() const;
  void setAccessible(bool accessible) const;

 private:
  unsigned char* mapping_;
  std::size_t mappedBytes_, innerBytes_;
  unsigned char* data_;
  std::size_t bytes_;
};

}  // namespace credence::emulator
