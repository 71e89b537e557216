// Threads that walk one plan together, and the barrier between them.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace credence::cpu {

/// Waits until `value` is no longer `old`: busy for about 200 microseconds, then asleep: longer than it takes to wake up, or one
/// late thread would make the next one late at every barrier that follows. Few pauses, since a hypervisor takes the core from a guest
/// that only pauses. To yield instead would hand the core to whatever else is there for milliseconds, while the others wait for this
/// thread; who sleeps is back as soon as it is woken.
/// Whoever changes the value must notify, and the change must be sequentially consistent: to notify is to look for sleepers, and a
/// look that overtakes the change misses one who is about to sleep on the old value.
template <class T>
void awaitChange(const std::atomic<T>& value, T old);

/// A sense-reversing barrier for a fixed number of threads. The last to arrive runs `decide`, and everybody gets its answer:
/// a value read once cannot be read differently by threads that have moved on.
class Barrier {
 public:
  explicit Barrier(int threads) : threads_(threads) {}

  template <class Decide>
  uint32_t arrive(Decide decide) {
    if (threads_ == 1) return decide();
    const uint32_t generation = generation_.load(std::memory_order_relaxed);
    if (arrived_.fetch_add(1, std::memory_order_acq_rel) + 1 == threads_) {
      arrived_.store(0, std::memory_order_relaxed);
      const uint32_t decision = decision_ = decide();
      generation_.store(generation + 1, std::memory_order_seq_cst);
      generation_.notify_all();
      return decision;
    }
    awaitChange(generation_, generation);
    return decision_;  // rewritten only once this thread has arrived again
  }

 private:
  const int threads_;
  alignas(64) std::atomic<int> arrived_{0};
  alignas(64) std::atomic<uint32_t> generation_{0};
  uint32_t decision_ = 0;
};

/// threads - 1 workers and the calling thread. Workers spin for about 100 microseconds between jobs, then sleep.
class Team {
 public:
  /// @throws std::system_error where the system has no more threads
  explicit Team(int threads);
  ~Team();
  Team(const Team&) = delete;
  Team& operator=(const Team&) = delete;

  int threads() const { return static_cast<int>(workers_.size()) + 1; }

  /// Calls job(thread) for every thread in [0, threads), this one being 0, and returns when all have. `job` must not throw.
  template <class Job>
  void run(const Job& job) {
    start([](const void* context, int thread) { (*static_cast<const Job*>(context))(thread); }, &job);
    job(0);
    finish();
  }

 private:
  using Function = void (*)(const void* context, int thread);
  void dismiss();
  void start(Function function, const void* context);
  void finish();
  void work(int thread);

  Function function_ = nullptr;  // null: leave
  const void* context_ = nullptr;
  alignas(64) std::atomic<uint32_t> epoch_{0};
  alignas(64) std::atomic<int> running_{0};
  std::vector<std::thread> workers_;
};

/// Idle teams, by size: concurrent runs have a team each, and a run after a run finds its threads awake.
class TeamPool {
 public:
  static TeamPool& instance();
  std::unique_ptr<Team> take(int threads);
  void give(std::unique_ptr<Team> team);

 private:
  std::mutex mutex_;
  std::vector<std::unique_ptr<Team>> idle_;
};

}  // namespace credence::cpu
