#include "runner.hpp"

#include <thread>

namespace credence::addon {

Runner& Runner::instance() {
  static Runner& runner = *new Runner;
  return runner;
}

void Runner::submit(std::function<void()> job) {
  const std::lock_guard lock(mutex_);
  if (idle_ <= jobs_.size()) std::thread([this] { work(); }).detach();
  jobs_.push(std::move(job));
  ready_.notify_one();
}

void Runner::work() {
  std::unique_lock lock(mutex_);
  for (;;) {
    ++idle_;
    ready_.wait(lock, [this] { return !jobs_.empty(); });
    --idle_;
    const std::function<void()> job = std::move(jobs_.front());
    jobs_.pop();
    lock.unlock();
    job();
    lock.lock();
  }
}

}  // namespace credence::addon
