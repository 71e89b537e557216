// Zeroed memory on a cache line, with a line to spare behind it. Pages are touched on first use only.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <new>

#if defined(__linux__)
#include <sys/mman.h>
#endif
#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#endif

namespace credence::cpu {

class AlignedBytes {
 public:
  AlignedBytes() = default;

  /// @throws std::bad_alloc
  explicit AlignedBytes(int64_t bytes) : block_(take(static_cast<std::size_t>(bytes))) {
#if defined(__SANITIZE_ADDRESS__)  // the spare is for alignment, not for use; of a mapping, the poison would outlive it
    if (block_.get_deleter().mapped == 0) ASAN_POISON_MEMORY_REGION(data() + bytes, line);
#endif
  }

  uint8_t* data() const {
    const auto at = reinterpret_cast<std::uintptr_t>(block_.get());
    const std::size_t alignment = block_.get_deleter().mapped > 0 ? hugePage : line;
    return reinterpret_cast<uint8_t*>((at + alignment - 1) / alignment * alignment);
  }

 private:
  static constexpr std::size_t line = 64, hugePage = 2 << 20;

  struct Give {
    std::size_t mapped;  // bytes of a mapping of its own
    void operator()(void* block) const {
#if defined(__linux__)
      if (mapped > 0) {
        munmap(block, mapped);
        return;
      }
#endif
      std::free(block);
    }
  };
  using Block = std::unique_ptr<void, Give>;

  // What fills huge pages gets them: a page fault each 4 KiB, and a missing address translation, cost more than the work on them.
  static Block take(std::size_t bytes) {
#if defined(__linux__)
    if (bytes >= hugePage) {
      const std::size_t mapped = bytes + line + hugePage;
      void* block = mmap(nullptr, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
      if (block == MAP_FAILED) throw std::bad_alloc();
      madvise(block, mapped, MADV_HUGEPAGE);  // a wish: where it is not granted, pages are small
      return Block(block, Give{mapped});
    }
#endif
    void* block = std::calloc(bytes + 2 * line, 1);
    if (!block) throw std::bad_alloc();
    return Block(block, Give{0});
  }

  Block block_;
};

}  // namespace credence::cpu
