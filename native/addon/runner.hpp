// Native threads for asynchronous runs: as many as runs are in flight, kept for the next one.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <queue>

namespace credence::addon {

class Runner {
 public:
  /// Shared by all environments of the process; its threads are never joined.
  static Runner& instance();

  /// Runs the job on a thread that does nothing else meanwhile. @throws std::system_error where no thread can be made
  void submit(std::function<void()> job);

 private:
  void work();

  std::mutex mutex_;
  std::condition_variable ready_;
  std::queue<std::function<void()>> jobs_;
  std::size_t idle_ = 0;
};

}  // namespace credence::addon
