#include "team.hpp"

#include <algorithm>
#include <chrono>

namespace credence::cpu {
namespace {

constexpr auto patience = std::chrono::microseconds(200);
constexpr auto awake = std::chrono::microseconds(100);

void pauseCore() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

}  // namespace

template <class T>
void awaitChange(const std::atomic<T>& value, T old) {
  const auto start = std::chrono::steady_clock::now();
  for (int round = 1;; ++round) {
    if (value.load(std::memory_order_acquire) != old) return;
    if (round % 32 != 0) continue;
    pauseCore();
    if (round % 1024 == 0 && std::chrono::steady_clock::now() - start > patience) break;
  }
  value.wait(old, std::memory_order_acquire);
}
template void awaitChange(const std::atomic<uint32_t>& value, uint32_t old);
template void awaitChange(const std::atomic<int>& value, int old);

Team::Team(int threads) {
  try {
    for (int thread = 1; thread < threads; ++thread) workers_.emplace_back([this, thread] { work(thread); });
  } catch (...) {  // the system has no more threads
    dismiss();
    throw;
  }
}

Team::~Team() { dismiss(); }

void Team::dismiss() {
  start(nullptr, nullptr);
  for (std::thread& worker : workers_) worker.join();
}

void Team::start(Function function, const void* context) {
  function_ = function;
  context_ = context;
  running_.store(static_cast<int>(workers_.size()), std::memory_order_relaxed);
  epoch_.fetch_add(1, std::memory_order_seq_cst);
  epoch_.notify_all();
}

void Team::finish() {
  for (int running; (running = running_.load(std::memory_order_acquire)) != 0;) awaitChange(running_, running);
}

void Team::work(int thread) {
  for (uint32_t seen = 0;;) {
    const auto start = std::chrono::steady_clock::now();
    for (int round = 1; epoch_.load(std::memory_order_acquire) == seen; ++round) {
      pauseCore();
      if (round % 32 == 0 && std::chrono::steady_clock::now() - start > awake) epoch_.wait(seen, std::memory_order_acquire);
    }
    ++seen;
    if (!function_) return;
    function_(context_, thread);
    running_.fetch_sub(1, std::memory_order_seq_cst);
    running_.notify_one();
  }
}

TeamPool& TeamPool::instance() {
  static TeamPool& pool = *new TeamPool;  // never destroyed: workers may outlive static objects
  return pool;
}

std::unique_ptr<Team> TeamPool::take(int threads) {
  {
    const std::lock_guard lock(mutex_);
    const auto found = std::find_if(idle_.rbegin(), idle_.rend(), [&](const auto& team) { return team->threads() == threads; });
    if (found != idle_.rend()) {
      std::unique_ptr<Team> team = std::move(*found);
      idle_.erase(std::next(found).base());
      return team;
    }
  }
  return std::make_unique<Team>(threads);
}

void TeamPool::give(std::unique_ptr<Team> team) {
  const std::lock_guard lock(mutex_);
  idle_.push_back(std::move(team));
}

}  // namespace credence::cpu
