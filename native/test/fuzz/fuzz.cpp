// Damages plans of the corpus and runs what is still accepted. Nothing may crash, hang, or touch memory that is not its own: the
// sanitizers watch. Iteration i depends on the seed and on i alone. The plan under test is kept in a file that outlives the process.
//
//   credence_fuzz run CORPUS SECONDS SEED STATE_FILE
//   credence_fuzz replay PLAN_FILE
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <thread>

#include "bounded_run.hpp"
#include "coverage.hpp"
#include "mutate.hpp"

namespace credence::test {
namespace {

using Clock = std::chrono::steady_clock;

/// The plan under test in a mapped file: iteration, count, words.
class State {
 public:
  explicit State(const char* path) {
    const int file = ::open(path, O_RDWR | O_CREAT | O_TRUNC, 0644);
    if (file < 0 || ::ftruncate(file, bytes) != 0) throw std::runtime_error(std::string(path) + ": cannot be written");
    void* const memory = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    ::close(file);
    if (memory == MAP_FAILED) throw std::runtime_error(std::string(path) + ": cannot be mapped");
    memory_ = static_cast<uint32_t*>(memory);
  }
  void write(uint64_t iteration, const Words& words) {
    const std::size_t count = std::min(words.size(), bytes / 4 - 4);
    memory_[0] = static_cast<uint32_t>(iteration);
    memory_[1] = static_cast<uint32_t>(iteration >> 32);
    memory_[2] = static_cast<uint32_t>(count);
    std::copy_n(words.data(), count, memory_ + 4);
  }

 private:
  static constexpr std::size_t bytes = 8 << 20;
  uint32_t* memory_;
};

/// Cancels a run that takes long, as a caller would; ends the process where that does not help.
class Watch {
 public:
  Watch() : thread_([this] { watch(); }) {}
  ~Watch() {
    done_ = true;
    thread_.join();
  }
  Control& begin(bool cancelled) {
    control_.cancelled = cancelled;
    ++run_;
    return control_;
  }
  void end() { ++run_; }

 private:
  static constexpr auto tick = std::chrono::milliseconds(20);
  static constexpr int ticksToCancel = 3, ticksToHang = 1000;

  void watch() {
    uint64_t seen = 0;
    for (int ticks = 0; !done_; std::this_thread::sleep_for(tick)) {
      const uint64_t run = run_;
      ticks = run == seen && run % 2 == 1 ? ticks + 1 : 0;
      seen = run;
      if (ticks >= ticksToCancel) control_.cancelled = true;
      if (ticks < ticksToHang) continue;
      std::fprintf(stderr, "the run does not end, though it has been cancelled\n");
      std::abort();
    }
  }

  Control control_;  // of all runs, so that a cancellation that comes late finds it
  std::atomic<uint64_t> run_{0};  // odd while one is in flight
  std::atomic<bool> done_{false};
  std::thread thread_;
};

/// One way for the contents of all inputs: zeros, small integers, floats near 1, or any bits.
auto contents(Random& random) {
  return [mode = random() % 4, &random](const ExactBytes& buffer) {
    const auto each = [&](auto make) {
      for (int64_t at = 0; at < buffer.count(); at += 4) {
        const uint32_t word = make();
        std::memcpy(buffer.data() + at, &word, static_cast<std::size_t>(std::min<int64_t>(4, buffer.count() - at)));
      }
    };
    if (mode == 1) each([&] { return static_cast<uint32_t>(random() % 5); });
    if (mode == 2) each([&] { return 0x3f000000u + static_cast<uint32_t>(random() % 0x1000000); });
    if (mode == 3) each([&] { return static_cast<uint32_t>(random()); });
  };
}

class Fuzzer {
 public:
  /// Whether the plan was accepted, and whether it was run.
  struct Outcome {
    bool accepted, run;
  };

  Outcome test(const Words& words, Random& random) {
    Plan plan;
    try {
      plan = decodePlan(words.data(), words.size());
    } catch (const PlanError&) {
      return {false, false};
    }
    if (!isBounded(plan)) return {true, false};
    const auto kernels = cpu::supportedKernels();
    Control& control = watch_.begin(random() % 64 == 0);
    runBounded(plan, *kernels[random() % kernels.size()], 1 + static_cast<int>(random() % 3), &control, contents(random));
    watch_.end();
    coverage_.add(plan);
    return {true, true};
  }

  const Coverage& coverage() const { return coverage_; }

 private:
  Watch watch_;
  Coverage coverage_;
};

struct Corpus {
  std::vector<PlanText> plans;

  explicit Corpus(const char* folder) {
    std::vector<std::string> paths;
    for (const auto& entry : std::filesystem::directory_iterator(folder))
      if (entry.path().extension() == ".plan") paths.push_back(entry.path());
    std::sort(paths.begin(), paths.end());
    for (const std::string& path : paths) {
      const Words words = readWords(path);
      try {
        decodePlan(words.data(), words.size());
      } catch (const PlanError& error) {
        throw std::runtime_error(path + ": " + error.what() + "; write the corpus anew: npm run fuzz -- --corpus");
      }
      plans.push_back(takeApart(words));
    }
    if (plans.empty()) throw std::runtime_error(std::string(folder) + ": holds no *.plan");
  }
};

Random randomOf(uint64_t seed, uint64_t iteration) {
  std::seed_seq sequence{seed, seed >> 32, iteration, iteration >> 32};
  return Random(sequence);
}

int fuzz(const char* folder, double seconds, uint64_t seed, const char* statePath) {
  const Corpus corpus(folder);
  State state(statePath);
  Fuzzer fuzzer;
  uint64_t iteration = 0, accepted = 0, executed = 0;
  const auto end = Clock::now() + std::chrono::duration<double>(seconds);
  for (; Clock::now() < end; ++iteration) {
    Random random = randomOf(seed, iteration);
    const auto any = [&]() -> const PlanText& { return corpus.plans[random() % corpus.plans.size()]; };
    const PlanText& plan = any();
    const Words words = iteration < corpus.plans.size() ? putTogether(corpus.plans[iteration]) : mutate(plan, any(), random);
    state.write(iteration, words);
    const Fuzzer::Outcome outcome = fuzzer.test(words, random);
    accepted += outcome.accepted;
    executed += outcome.run;
  }
  std::printf("%llu plans from %zu of the corpus, seed %llu: %llu accepted, %llu of them small enough to run\n",
              static_cast<unsigned long long>(iteration), corpus.plans.size(), static_cast<unsigned long long>(seed),
              static_cast<unsigned long long>(accepted), static_cast<unsigned long long>(executed));
  for (const std::string& name : fuzzer.coverage().missing()) std::printf("never run: %s\n", name.c_str());
  return 0;
}

/// Every way in which an iteration may run a plan, several times over.
int replay(const char* path) {
  const Words words = readWords(path);
  Fuzzer fuzzer;
  Fuzzer::Outcome outcome{};
  for (uint64_t iteration = 0; iteration < 200; ++iteration) {
    Random random = randomOf(0, iteration);
    outcome = fuzzer.test(words, random);
  }
  std::printf("%s: %s\n", path, outcome.run ? "ran without a fault" : outcome.accepted ? "accepted, too large to run" : "refused");
  return 0;
}

}  // namespace
}  // namespace credence::test

int main(int count, char** arguments) {
  const std::string what = count > 1 ? arguments[1] : "";
  try {
    if (what == "run" && count == 6)
      return credence::test::fuzz(arguments[2], std::atof(arguments[3]), std::strtoull(arguments[4], nullptr, 10), arguments[5]);
    if (what == "replay" && count == 3) return credence::test::replay(arguments[2]);
  } catch (const std::runtime_error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
  std::fprintf(stderr, "credence_fuzz run CORPUS SECONDS SEED STATE_FILE\ncredence_fuzz replay PLAN_FILE\n");
  return 2;
}
