// Zeroed memory on a cache line, with a line to spare behind it. Pages are touched on first use only.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <new>

namespace credence::cpu {

class AlignedBytes {
 public:
  AlignedBytes() = default;

  /// @throws std::bad_alloc
  explicit AlignedBytes(int64_t bytes) : block_(std::calloc(static_cast<std::size_t>(bytes) + 2 * line, 1)) {
    if (!block_) throw std::bad_alloc();
  }

  uint8_t* data() const {
    return reinterpret_cast<uint8_t*>((reinterpret_cast<std::uintptr_t>(block_.get()) + line - 1) / line * line);
  }

 private:
  static constexpr std::size_t line = 64;
  struct Free {
    void operator()(void* block) const { std::free(block); }
  };
  std::unique_ptr<void, Free> block_;
};

}  // namespace credence::cpu
