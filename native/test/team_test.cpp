// Threads that share work: the team, its barrier, and runs at the same time. The thread sanitizer runs these too.
#include <gtest/gtest.h>

#include <chrono>
#include <numeric>
#include <thread>

#include "cpu/team.hpp"
#include "plan_builder.hpp"

namespace credence::test {
namespace {

TEST(Team, BarrierShowsEveryThreadWhatTheOthersWroteBefore) {
  for (const int threads : {2, 3, 5}) {
    constexpr int rounds = 2000;
    cpu::Team team(threads);
    cpu::Barrier barrier(threads);
    std::vector<int> written(static_cast<std::size_t>(threads)), wrong(written.size());
    team.run([&](int thread) {
      const auto own = static_cast<std::size_t>(thread);
      for (int round = 1; round <= rounds; ++round) {
        written[own] = round;
        barrier.arrive([] { return 0u; });
        for (const int value : written) wrong[own] += value != round;
        barrier.arrive([] { return 0u; });
      }
    });
    EXPECT_EQ(wrong, std::vector<int>(wrong.size(), 0)) << threads << " threads";
  }
}

TEST(Team, BarrierGivesEveryThreadTheSameDecision) {
  constexpr int threads = 3, rounds = 2000;
  cpu::Team team(threads);
  cpu::Barrier barrier(threads);
  uint32_t count = 0;
  std::vector<uint32_t> seen[threads];
  team.run([&](int thread) {
    for (int round = 0; round < rounds; ++round) seen[thread].push_back(barrier.arrive([&] { return ++count; }));
  });
  std::vector<uint32_t> expected(rounds);
  std::iota(expected.begin(), expected.end(), 1u);
  for (const auto& decisions : seen) EXPECT_EQ(decisions, expected);
}

TEST(Team, DoesEveryJobOnceOnEveryThread) {
  constexpr int threads = 4, jobs = 2000;
  cpu::Team team(threads);
  int done[threads] = {};
  for (int job = 0; job < jobs; ++job) {
    team.run([&](int thread) { ++done[thread]; });
    if (job % 100 == 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));  // the workers fall asleep
  }
  for (const int count : done) EXPECT_EQ(count, jobs);
}

TEST(Team, PoolGivesATeamToOneRunAtATime) {
  std::vector<std::thread> callers;
  std::atomic<int> wrong{0};
  for (int caller = 0; caller < 4; ++caller)
    callers.emplace_back([&, threads = 2 + caller % 2] {
      for (int round = 0; round < 300; ++round) {
        auto team = cpu::TeamPool::instance().take(threads);
        std::vector<int> done(static_cast<std::size_t>(threads));
        team->run([&](int thread) { ++done[static_cast<std::size_t>(thread)]; });
        wrong += done != std::vector<int>(static_cast<std::size_t>(threads), 1);
        cpu::TeamPool::instance().give(std::move(team));
      }
    });
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(wrong, 0);
}

/// x <- cos(x) + (sum of x) / 1000 on 96 numbers, 50 times: threads read in every turn what the others wrote in the one before.
Words mixingPlan() {
  PlanBuilder plan;
  const auto x = plan.input(96 * 4), state = plan.output(96 * 4), sum = plan.arena(4);
  plan.add(cluster({{96}, {{0, Type::f32, x, {1}}}, {}, {{0, Type::f32, state, {1}}}, 8}));
  plan.add(barrier());
  Words body = reduce({Monoid::sum, Type::f32, {1}, {96}, state, {0}, {1}, sum});
  append(body, barrier());
  append(body, cluster({{96}, {{0, Type::f32, state, {1}}, {1, Type::f32, sum, {0}}}, {{"cos", Type::f32, 2, 0}, constant(Type::f32, 3, 1e-3), {"mul", Type::f32, 4, 1, 3}, {"add", Type::f32, 5, 2, 4}}, {{5, Type::f32, state, {1}}}, 8}));
  plan.add(repeat(50, body));
  return plan.words();
}

TEST(Team, RunsOfOneExecutableAtTheSameTimeHaveTheBitsOfOneAlone) {
  cpu::Executable executable(decode(mixingPlan()));
  const std::vector<float> x = ramp<float>(96);
  const auto expected = run(executable, {x}, 1)[0].as<float>();
  std::vector<std::thread> callers;
  std::atomic<int> wrong{0};
  for (int caller = 0; caller < 4; ++caller)
    callers.emplace_back([&, threads = 1 + caller] {
      for (int round = 0; round < 40; ++round) wrong += run(executable, {x}, threads)[0].as<float>() != expected;
    });
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(wrong, 0);
}

TEST(Team, CancellationStopsEveryThreadAndTheNextRunIsWhole) {
  PlanBuilder plan;
  const auto out = plan.output(64 * 4);
  plan.add(repeat(unlimitedTrips - 1, cluster({{64}, {{0, Type::f32, out, {1}}}, {constant(Type::f32, 1, 1), {"add", Type::f32, 2, 0, 1}}, {{2, Type::f32, out, {1}}}, 8})));
  cpu::Executable endless(decode(plan.words())), mixing(decode(mixingPlan()));
  const std::vector<float> x = ramp<float>(96);
  const auto expected = run(mixing, {x}, 1)[0].as<float>();
  for (const int threads : {1, 2, 4}) {
    Control control;
    std::thread canceller([&] {
      while (control.progress < 100) std::this_thread::yield();
      control.cancelled = true;
    });
    EXPECT_THROW(run(endless, {}, threads, &control), std::runtime_error);
    canceller.join();
    EXPECT_EQ(run(mixing, {x}, threads)[0].as<float>(), expected);
  }
}

}  // namespace
}  // namespace credence::test
