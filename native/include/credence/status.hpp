// The outcome of one run, shared by its threads. The first failure wins; the others are dropped.
#pragma once

#include <atomic>

namespace credence {

struct Status {
  enum Code : int { running = 0, failed = 1, cancelled = 2 };

  std::atomic<int> code{running};
  char message[256] = {};  // complete once every thread of the run has left it

  bool ok() const noexcept { return code.load(std::memory_order_relaxed) == running; }

  /// Records a printf-style message, cut at 255 characters.
#if defined(__GNUC__)
  __attribute__((format(printf, 2, 3)))
#endif
  void fail(const char* format, ...) noexcept;

  void cancel() noexcept;
};

}  // namespace credence
