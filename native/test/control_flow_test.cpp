#include <gtest/gtest.h>

#include <chrono>
#include <thread>

#include "plan_builder.hpp"

namespace credence::test {
namespace {

constexpr Type f32 = Type::f32;
constexpr Type i32 = Type::i32;

/// slot <- f(slot) on `n` elements, in place.
Words update(uint32_t slot, uint32_t n, Type type, std::string_view op, double operand, uint32_t parts = 1) {
  return cluster({{n}, {{0, type, slot, {1}}}, {constant(type, 1, operand), {op, type, 2, 0, 1}}, {{2, type, slot, {1}}}, parts});
}

Words copy(uint32_t from, uint32_t to, uint32_t n, Type type) {
  return cluster({{n}, {{0, type, from, {1}}}, {}, {{0, type, to, {1}}}});
}

Words set(uint32_t slot, uint32_t n, Type type, double value) {
  return cluster({{n}, {}, {constant(type, 0, value)}, {{0, type, slot, {1}}}});
}

TEST(Loop, RepeatsItsBody) {
  PlanBuilder plan;
  const auto out = plan.output(60 * 4);
  plan.add(set(out, 60, f32, 0));
  plan.add(barrier());
  plan.add(repeat(25, update(out, 60, f32, "add", 2, 6)));
  for (const int threads : {1, 2, 3}) EXPECT_EQ(run(plan.words(), {}, threads)[0].as<float>(), std::vector<float>(60, 50));
}

TEST(Loop, NestsAndRunsZeroTimes) {
  PlanBuilder plan;
  const auto out = plan.output(4), never = plan.output(4);
  plan.add(repeat(3, repeat(4, repeat(5, update(out, 1, i32, "add", 1)))));
  plan.add(repeat(0, update(never, 1, i32, "add", 1)));
  for (const int threads : {1, 2, 3}) {
    const auto got = run(plan.words(), {}, threads);
    EXPECT_EQ(got[0].as<int32_t>()[0], 60);
    EXPECT_EQ(got[1].as<int32_t>()[0], 0);
  }
}

TEST(Loop, SlidesOverInputsAndOutputsForwardsAndBackwards) {
  // out[i] = carry += x[i];  reversed[n-1-i] = carry
  PlanBuilder plan;
  const auto xs = plan.input(40 * 4), carry = plan.arena(4), sums = plan.output(40 * 4), back = plan.output(40 * 4);
  const auto x = plan.sliced(xs, 0, 4, 4), sum = plan.sliced(sums, 0, 4, 4), reversed = plan.sliced(back, 0, 4, 4, true);
  plan.add(set(carry, 1, f32, 0));
  plan.add(barrier());
  plan.add(repeat(40, cluster({{1}, {{0, f32, carry, {1}}, {1, f32, x, {1}}}, {{"add", f32, 2, 0, 1}}, {{2, f32, carry, {1}}, {2, f32, sum, {1}}, {2, f32, reversed, {1}}}})));
  std::vector<float> values(40), expected(40), expectedBack(40);
  for (std::size_t i = 0; i < 40; ++i) {
    values[i] = static_cast<float>(i + 1);
    expected[i] = expectedBack[39 - i] = static_cast<float>((i + 1) * (i + 2) / 2);
  }
  for (const int threads : {1, 2}) {
    const auto got = run(plan.words(), {values}, threads);
    EXPECT_EQ(got[0].as<float>(), expected);
    EXPECT_EQ(got[1].as<float>(), expectedBack);
  }
}

TEST(Loop, SlidesWithTheOuterLoopInsideTheInnerOne) {
  PlanBuilder plan;
  const auto xs = plan.input(3 * 4), out = plan.output(3 * 4);
  const auto x = plan.sliced(xs, 0, 4, 4), y = plan.sliced(out, 0, 4, 4);
  plan.add(repeat(3, repeat(5, cluster({{1}, {{0, f32, x, {1}}, {1, f32, y, {1}}}, {{"add", f32, 2, 0, 1}}, {{2, f32, y, {1}}}}))));
  EXPECT_EQ(run(plan.words(), {std::vector<float>{1, 2, 3}})[0].as<float>(), (std::vector<float>{5, 10, 15}));
}

/// own = x[trip], then `rounds` times own += 1 (all of a thread's elements at once), out[trip] = own reversed, for trips of 40 numbers.
Words eachPlan(uint32_t trips, uint32_t rounds) {
  PlanBuilder plan;
  const auto xs = plan.input(trips * 160), out = plan.output(trips * 160), work = plan.own(160), turned = plan.own(160);
  const auto x = plan.sliced(xs, 0, 160, 160), y = plan.sliced(out, 0, 160, 160, true);
  Words body = copy(x, work, 40, i32);
  append(body, barrier());
  append(body, repeat(rounds, update(work, 40, i32, "add", 1, 8)));
  append(body, cluster({{40}, {{0, i32, work, {-1}, 39}}, {}, {{0, i32, turned, {1}}}, 8}));
  append(body, barrier());
  append(body, copy(turned, y, 40, i32));
  plan.add(each(trips, body));
  return plan.words();
}

TEST(Each, GivesEveryTripToOneThreadWithMemoryOfItsOwn) {
  for (const uint32_t trips : {1u, 7u, 500u}) {
    std::vector<int32_t> xs(trips * 40), expected(trips * 40);
    for (std::size_t i = 0; i < xs.size(); ++i) xs[i] = static_cast<int32_t>(i);
    for (std::size_t trip = 0; trip < trips; ++trip)
      for (std::size_t i = 0; i < 40; ++i) expected[(trips - 1 - trip) * 40 + i] = static_cast<int32_t>(trip * 40 + 39 - i) + 30;
    for (const int threads : {1, 2, 3, 5}) EXPECT_EQ(run(eachPlan(trips, 30), {xs}, threads)[0].as<int32_t>(), expected) << trips << " " << threads;
  }
}

TEST(Each, RunsInsideALoopAndInsideItself) {
  // out[i][j] += 1, five times.
  PlanBuilder plan;
  const auto out = plan.output(6 * 4 * 4), row = plan.sliced(out, 1, 16, 16);
  plan.add(repeat(5, each(6, each(4, update(row, 4, i32, "add", 1)))));
  for (const int threads : {1, 2, 3}) EXPECT_EQ(run(plan.words(), {}, threads)[0].as<int32_t>(), std::vector<int32_t>(24, 20));
}

TEST(Each, CountsTripsAndStopsWhenCancelled) {
  for (const int threads : {1, 2, 3}) {
    Control counted;
    run(eachPlan(50, 3), {std::vector<int32_t>(50 * 40)}, threads, &counted);
    EXPECT_EQ(counted.progress, 50u);
  }
  PlanBuilder plan;
  const auto work = plan.own(4);
  plan.add(each(unlimitedTrips, update(work, 1, i32, "add", 1)));
  for (const int threads : {1, 2, 3}) {
    Control control;
    std::thread canceller([&] {
      while (control.progress < 1000) std::this_thread::yield();
      control.cancelled = true;
    });
    EXPECT_THROW(run(plan.words(), {}, threads, &control), std::runtime_error);
    canceller.join();
  }
}

/// Doubles `value` while it is below 1000, at most `trips` times; counts the trips.
Words doublingPlan(uint32_t trips) {
  PlanBuilder plan;
  const auto value = plan.output(4), count = plan.output(4), below = plan.arena(1);
  plan.add(set(value, 1, f32, 1));
  plan.add(barrier());
  Words body = update(value, 1, f32, "mul", 2);
  append(body, update(count, 1, i32, "add", 1));
  plan.add(whileLoop(trips, below, cluster({{1}, {{0, f32, value, {1}}}, {constant(f32, 1, 1000), {"lt", f32, 2, 0, 1}}, {{2, Type::boolean, below, {1}}}}), body));
  return plan.words();
}

TEST(Loop, RunsWhileItsPredicateHolds) {
  for (const int threads : {1, 2, 3}) {
    const auto got = run(doublingPlan(unlimitedTrips), {}, threads);
    EXPECT_EQ(got[0].as<float>()[0], 1024);
    EXPECT_EQ(got[1].as<int32_t>()[0], 10);
  }
}

TEST(Loop, StopsAWhileAtItsMaximum) { EXPECT_EQ(run(doublingPlan(4), {})[0].as<float>()[0], 16); }

TEST(Cond, TakesOneBranch) {
  PlanBuilder plan;
  const auto flag = plan.input(1), out = plan.output(4);
  plan.add(cond(flag, set(out, 1, f32, 1), set(out, 1, f32, 2)));
  for (const int threads : {1, 2}) {
    EXPECT_EQ(run(plan.words(), {std::vector<uint8_t>{1}}, threads)[0].as<float>()[0], 1);
    EXPECT_EQ(run(plan.words(), {std::vector<uint8_t>{0}}, threads)[0].as<float>()[0], 2);
  }
}

TEST(Cond, MayChangeItsOwnPredicateInALoop) {
  // Every second trip adds 1: the branch flips the flag that chose it.
  PlanBuilder plan;
  const auto flag = plan.arena(1), out = plan.output(4);
  plan.add(set(flag, 1, Type::boolean, 0));
  plan.add(barrier());
  Words taken = update(out, 1, i32, "add", 1);
  append(taken, set(flag, 1, Type::boolean, 0));
  plan.add(repeat(1000, cond(flag, taken, set(flag, 1, Type::boolean, 1))));
  for (const int threads : {1, 2, 3}) EXPECT_EQ(run(plan.words(), {}, threads)[0].as<int32_t>()[0], 500);
}

TEST(Run, OrdersThreadsAtBarriers) {
  // y = reversed(x) after x has been written by all threads, a thousand times over.
  PlanBuilder plan;
  const auto x = plan.arena(600 * 4), y = plan.arena(600 * 4), out = plan.output(600 * 4);
  plan.add(cluster({{600}, {}, {{"iota", i32, 0, 0}}, {{0, i32, x, {1}}}, 6}));
  Words body = barrier();
  append(body, cluster({{600}, {{0, i32, x, {-1}, 599}}, {constant(i32, 1, 1), {"add", i32, 2, 0, 1}}, {{2, i32, y, {1}}}, 6}));
  append(body, barrier());
  append(body, cluster({{600}, {{0, i32, y, {-1}, 599}}, {}, {{0, i32, x, {1}}}, 6}));
  plan.add(repeat(1000, body));
  plan.add(copy(x, out, 600, i32));
  std::vector<int32_t> expected(600);
  for (std::size_t i = 0; i < 600; ++i) expected[i] = static_cast<int32_t>(i) + 1000;
  for (const int threads : {1, 2, 3, 4}) EXPECT_EQ(run(plan.words(), {}, threads)[0].as<int32_t>(), expected) << threads;
}

TEST(Run, GivesTheSameBitsBlockByBlockAsWithABarrierAfterEveryInstruction) {
  // Arrays past the size at which a thread takes blocks of rows through a run of instructions.
  const auto planOf = [](bool barriers) {
    constexpr uint32_t rows = 6000, cols = 40;
    constexpr int32_t stride = 40;
    PlanBuilder plan;
    const auto x = plan.input(rows * cols * 4), w = plan.input(cols * cols * 4), a = plan.arena(rows * cols * 4), b = plan.arena(rows * cols * 4);
    const auto sums = plan.arena(rows * 4), out = plan.output(rows * cols * 4), total = plan.output(4);
    const auto add = [&](const Words& instruction) {
      plan.add(instruction);
      if (barriers) plan.add(barrier());
    };
    add(cluster({{rows, cols}, {{0, f32, x, {stride, 1}}}, {{"tanh", f32, 1, 0}}, {{1, f32, a, {stride, 1}}}, rows}));
    add(matmul({f32, 1, rows, cols, cols, {a, 0, stride}, {w, 0, stride}, {b, 0, stride}, noSlot, "", false, rows}));
    add(reduce({Monoid::sum, f32, {rows}, {cols}, b, {stride}, {1}, sums, rows}));
    add(cluster({{rows, cols}, {{0, f32, b, {stride, 1}}, {1, f32, sums, {1, 0}}}, {{"sub", f32, 2, 0, 1}}, {{2, f32, a, {stride, 1}}}, rows}));
    add(matmul({f32, 1, rows, cols, cols, {a, 0, stride}, {w, 0, 1, stride}, {out, 0, stride}, noSlot, "relu", false, rows}));
    plan.add(barrier());
    plan.add(reduce({Monoid::sum, f32, {1}, {rows * cols}, out, {0}, {1}, total}));
    return plan.words();
  };
  const auto xs = ramp<float>(6000 * 40), ws = ramp<float>(40 * 40);
  const auto expected = run(planOf(true), {xs, ws});
  for (const int threads : {1, 2, 3}) {
    const auto got = run(planOf(false), {xs, ws}, threads);
    EXPECT_EQ(got[0].as<float>(), expected[0].as<float>()) << threads;
    EXPECT_EQ(got[1].as<float>(), expected[1].as<float>()) << threads;
  }
}

TEST(Run, StopsInsideALoopWhenCancelled) {
  PlanBuilder plan;
  const auto out = plan.output(4);
  plan.add(repeat(unlimitedTrips, update(out, 1, i32, "add", 1)));
  for (const int threads : {1, 2, 3}) {
    Control control;
    std::thread canceller([&] {
      while (control.progress < 1000) std::this_thread::yield();
      control.cancelled = true;
    });
    EXPECT_THROW(run(plan.words(), {}, threads, &control), std::runtime_error);
    canceller.join();
    EXPECT_GE(control.progress, 1000u);
  }
}

TEST(Run, CountsOutermostIterationsAsProgress) {
  PlanBuilder plan;
  const auto out = plan.output(4);
  plan.add(repeat(7, repeat(3, update(out, 1, i32, "add", 1))));
  for (const int threads : {1, 2}) {
    Control control;
    run(plan.words(), {}, threads, &control);
    EXPECT_EQ(control.progress, 7u);
  }
}

TEST(Run, DoesNothingWhenCancelledBeforehand) {
  PlanBuilder plan;
  plan.add(barrier());
  Control control;
  control.cancelled = true;
  EXPECT_THROW(run(plan.words(), {}, 1, &control), std::runtime_error);
}

TEST(Run, KeepsRunsOfOneExecutableApart) {
  PlanBuilder plan;
  const auto x = plan.input(1000 * 4), work = plan.arena(1000 * 4), out = plan.output(1000 * 4);
  plan.add(copy(x, work, 1000, i32));
  plan.add(barrier());
  plan.add(repeat(300, update(work, 1000, i32, "add", 1, 10)));
  plan.add(copy(work, out, 1000, i32));
  cpu::Executable executable(decode(plan.words()));
  std::vector<std::thread> runs;
  for (int32_t i = 0; i < 4; ++i)
    runs.emplace_back([&executable, i] {
      for (int repeat = 0; repeat < 5; ++repeat)
        EXPECT_EQ(run(executable, {std::vector<int32_t>(1000, i)}, 1 + i % 2)[0].as<int32_t>(), std::vector<int32_t>(1000, 300 + i));
    });
  for (std::thread& thread : runs) thread.join();
}

}  // namespace
}  // namespace credence::test
