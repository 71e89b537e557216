// Loops with slices, predicates, conditions, cancellation and progress, against the CPU.
#include <thread>

#include "parity.hpp"

namespace credence::test {
namespace {

using ControlFlow = CudaParity;

// sum = 0; for each of the trips: sum = cos(sum) + x[trip]; ys[trip] = sum. Backwards through x where asked.
Words scan(uint32_t trips, uint32_t width, bool reversed) {
  PlanBuilder plan;
  const int64_t bytes = int64_t{width} * 4;
  const uint32_t x = plan.input(trips * bytes), ys = plan.output(trips * bytes), sum = plan.arena(bytes);
  const uint32_t xSlice = plan.sliced(x, 0, bytes, int32_t(bytes), reversed), ySlice = plan.sliced(ys, 0, bytes, int32_t(bytes));
  plan.add(cluster({.dims = {width}, .loads = {}, .steps = {constant(Type::f32, 0, 0)}, .stores = {{0, Type::f32, sum, {1}}}}));
  plan.add(barrier());
  plan.add(repeat(trips, cluster({.dims = {width}, .loads = {{0, Type::f32, sum, {1}}, {1, Type::f32, xSlice, {1}}},
                                  .steps = {{"cos", Type::f32, 2, 0}, {"add", Type::f32, 3, 2, 1}},
                                  .stores = {{3, Type::f32, sum, {1}}, {3, Type::f32, ySlice, {1}}}})));
  return plan.words();
}

TEST_F(ControlFlow, SlicesMoveWithTheirLoop) {
  for (const bool reversed : {false, true})
    expectParity<float>(scan(20, 33, reversed), {Bytes(ramp<float>(20 * 33))}, 2e-6, reversed ? "backwards" : "forwards");
}

// Each trip works in memory of its own: ys[trip] = cos(x[trip]) turned round, three times over.
Words each(uint32_t trips, uint32_t width) {
  PlanBuilder plan;
  const int64_t bytes = int64_t{width} * 4;
  const uint32_t x = plan.input(trips * bytes), ys = plan.output(trips * bytes), cosines = plan.own(bytes), turned = plan.own(bytes);
  const uint32_t xSlice = plan.sliced(x, 1, bytes, int32_t(bytes)), ySlice = plan.sliced(ys, 1, bytes, int32_t(bytes));
  const auto copied = [&](uint32_t from, uint32_t to, bool back) {
    return cluster({.dims = {width}, .loads = {{0, Type::f32, from, {back ? -1 : 1}, back ? width - 1 : 0}}, .steps = {}, .stores = {{0, Type::f32, to, {1}}}});
  };
  Words body = cluster({.dims = {width}, .loads = {{0, Type::f32, xSlice, {1}}}, .steps = {{"cos", Type::f32, 1, 0}}, .stores = {{1, Type::f32, cosines, {1}}}});
  append(body, copied(cosines, turned, true));
  append(body, copied(turned, ySlice, false));
  plan.add(repeat(3, test::each(trips, body)));
  return plan.words();
}

TEST_F(ControlFlow, TripsThatDoNotDependOnEachOtherShareTheMemoryOfOne) {
  for (const uint32_t trips : {1u, 9u, 600u}) expectParity<float>(each(trips, 33), {Bytes(ramp<float>(trips * 33))}, 2e-6, "each");
}

// x doubles until it exceeds 1000; then, by the condition, 1 is added or taken.
Words doubling(double limit) {
  PlanBuilder plan;
  const uint32_t in = plan.input(4), out = plan.output(4), going = plan.arena(1);
  const auto step = [&](std::string_view op, double with) {
    return cluster({.dims = {1}, .loads = {{0, Type::f32, out, {1}}}, .steps = {constant(Type::f32, 1, with), {op, Type::f32, 2, 0, 1}}, .stores = {{2, Type::f32, out, {1}}}});
  };
  const auto compare = [&](double with) {
    return cluster({.dims = {1}, .loads = {{0, Type::f32, out, {1}}}, .steps = {constant(Type::f32, 1, with), {"lt", Type::f32, 2, 0, 1}}, .stores = {{2, Type::boolean, going, {1}}}});
  };
  plan.add(cluster({.dims = {1}, .loads = {{0, Type::f32, in, {1}}}, .steps = {}, .stores = {{0, Type::f32, out, {1}}}}));
  plan.add(barrier());
  plan.add(whileLoop(unlimitedTrips, going, compare(1000), step("mul", 2)));
  plan.add(barrier());
  plan.add(compare(limit));
  plan.add(cond(going, step("add", 1), step("sub", 1)));
  return plan.words();
}

TEST_F(ControlFlow, PredicatesAreReadFromTheDevice) {
  const Bytes three(std::vector<float>{3});
  EXPECT_EQ(runOnCuda(doubling(2000), {three}).outputs[0].as<float>()[0], 1537);
  EXPECT_EQ(runOnCuda(doubling(1200), {three}).outputs[0].as<float>()[0], 1535);
  expectParity<float>(doubling(2000), {three}, 0, "doubling");
}

TEST_F(ControlFlow, ProgressCountsTripsAndACancelledRunStops) {
  const Bytes x(ramp<float>(20 * 33));
  Control control;
  EXPECT_EQ(runOnCuda(scan(20, 33, false), {x}, &control).failure, "");
  EXPECT_EQ(control.progress.load(), 20u);
  control.cancelled = true;
  EXPECT_EQ(runOnCuda(scan(20, 33, false), {x}, &control).failure, "cancelled");
  EXPECT_EQ(control.progress.load(), 20u);
}

TEST_F(ControlFlow, ManyTripsAreCountedAndSlicedOneByOne) {
  Control control;
  const Bytes x(ramp<float>(3000 * 3));
  const DeviceRun device = runOnCuda(scan(3000, 3, true), {x}, &control);
  EXPECT_EQ(device.failure, "");
  EXPECT_EQ(control.progress.load(), 3000u);
  expectClose<float>(device.outputs[0].as<float>(), run(scan(3000, 3, true), {x})[0].as<float>(), 2e-6, "3000 trips");
}

TEST_F(ControlFlow, AProgramRunsAgainOnOtherBuffers) {
  const auto program = compileForCuda(scan(20, 33, false));
  for (const double scale : {1.0, 0.5, 2.0}) {
    const Bytes x(ramp<float>(20 * 33, scale));
    expectClose<float>(run(*program, {x}).outputs[0].as<float>(), run(scan(20, 33, false), {x})[0].as<float>(), 2e-6, "again");
  }
}

// For each outer trip i, for each inner trip j: sum = sum / 2 + x[i] y[j], y taken backwards; then ys[i] = sum. Long inner loops
// stay loops on the device, short ones are written out.
Words nested(uint32_t outer, uint32_t inner) {
  PlanBuilder plan;
  const uint32_t x = plan.input(outer * 4), y = plan.input(inner * 4), ys = plan.output(outer * 4), sum = plan.arena(4);
  const uint32_t xSlice = plan.sliced(x, 0, 4, 4), ySlice = plan.sliced(y, 1, 4, 4, true), outSlice = plan.sliced(ys, 0, 4, 4);
  plan.add(cluster({.dims = {1}, .loads = {}, .steps = {constant(Type::f32, 0, 0)}, .stores = {{0, Type::f32, sum, {1}}}}));
  plan.add(barrier());
  Words body = repeat(inner, cluster({.dims = {1},
                                      .loads = {{0, Type::f32, sum, {1}}, {1, Type::f32, xSlice, {1}}, {2, Type::f32, ySlice, {1}}},
                                      .steps = {constant(Type::f32, 3, 0.5), {"mul", Type::f32, 4, 0, 3}, {"mul", Type::f32, 5, 1, 2}, {"add", Type::f32, 6, 4, 5}},
                                      .stores = {{6, Type::f32, sum, {1}}}}));
  append(body, barrier());
  append(body, cluster({.dims = {1}, .loads = {{0, Type::f32, sum, {1}}}, .steps = {}, .stores = {{0, Type::f32, outSlice, {1}}}}));
  plan.add(repeat(outer, body));
  return plan.words();
}

TEST_F(ControlFlow, LoopsInLoopsAgree) {
  for (const uint32_t inner : {1u, 2u, 7u, 600u})
    expectParity<float>(nested(4, inner), {Bytes(ramp<float>(4)), Bytes(ramp<float>(inner, 3))}, 4e-6, std::to_string(inner) + " inner trips");
}

// For each x: the steps that n -> n / 2 (even) or 3 n + 1 (odd) takes to 1: a branch in a while in a loop.
Words collatz(uint32_t count) {
  PlanBuilder plan;
  const uint32_t x = plan.input(count * 4), out = plan.output(count * 4), n = plan.arena(4), steps = plan.arena(4), flag = plan.arena(1);
  const uint32_t xSlice = plan.sliced(x, 0, 4, 4), outSlice = plan.sliced(out, 0, 4, 4);
  const auto i32 = [](uint32_t from, std::vector<StepWords> ops, uint32_t reg, uint32_t to) {
    return cluster({.dims = {1}, .loads = {{0, Type::i32, from, {1}}}, .steps = std::move(ops), .stores = {{reg, Type::i32, to, {1}}}});
  };
  const auto compare = [&](std::vector<StepWords> ops, uint32_t reg) {
    return cluster({.dims = {1}, .loads = {{0, Type::i32, n, {1}}}, .steps = std::move(ops), .stores = {{reg, Type::boolean, flag, {1}}}});
  };
  Words trip = i32(steps, {constant(Type::i32, 1, 1), {"add", Type::i32, 2, 0, 1}}, 2, steps);
  append(trip, compare({constant(Type::i32, 1, 2), {"rem", Type::i32, 2, 0, 1}, constant(Type::i32, 3, 0), {"eq", Type::i32, 4, 2, 3}}, 4));
  append(trip, cond(flag, i32(n, {constant(Type::i32, 1, 2), {"div", Type::i32, 2, 0, 1}}, 2, n),
                    i32(n, {constant(Type::i32, 1, 3), {"mul", Type::i32, 2, 0, 1}, constant(Type::i32, 3, 1), {"add", Type::i32, 4, 2, 3}}, 4, n)));
  Words each = i32(xSlice, {}, 0, n);
  append(each, cluster({.dims = {1}, .loads = {}, .steps = {constant(Type::i32, 0, 0)}, .stores = {{0, Type::i32, steps, {1}}}}));
  append(each, whileLoop(unlimitedTrips, flag, compare({constant(Type::i32, 1, 1), {"ne", Type::i32, 2, 0, 1}}, 2), trip));
  append(each, i32(steps, {}, 0, outSlice));
  plan.add(repeat(count, each));
  return plan.words();
}

TEST_F(ControlFlow, AWhileInALoopAndABranchInAWhileAreDecidedOnTheDevice) {
  const std::vector<int32_t> from = {1, 2, 3, 6, 7, 9, 27}, steps = {0, 1, 7, 8, 16, 19, 111};
  EXPECT_EQ(runOnCuda(collatz(7), {Bytes(from)}).outputs[0].as<int32_t>(), steps);
  EXPECT_EQ(run(collatz(7), {Bytes(from)})[0].as<int32_t>(), steps);
}

// A loop in either branch: x doubled 5 times, or halved 3 times; then a while of at most 4 trips that would go on for ever.
Words branching() {
  PlanBuilder plan;
  const uint32_t x = plan.input(4), positive = plan.arena(1), always = plan.arena(1), out = plan.output(4);
  const auto scaleBy = [&](double by) {
    return cluster({.dims = {1}, .loads = {{0, Type::f32, out, {1}}}, .steps = {constant(Type::f32, 1, by), {"mul", Type::f32, 2, 0, 1}}, .stores = {{2, Type::f32, out, {1}}}});
  };
  plan.add(cluster({.dims = {1}, .loads = {{0, Type::f32, x, {1}}}, .steps = {constant(Type::f32, 1, 0), {"lt", Type::f32, 2, 1, 0}},
                    .stores = {{0, Type::f32, out, {1}}, {2, Type::boolean, positive, {1}}}}));
  plan.add(barrier());
  plan.add(cond(positive, repeat(5, scaleBy(2)), repeat(3, scaleBy(0.5))));
  plan.add(whileLoop(4, always, cluster({.dims = {1}, .loads = {}, .steps = {constant(Type::boolean, 0, 1)}, .stores = {{0, Type::boolean, always, {1}}}}), scaleBy(3)));
  return plan.words();
}

TEST_F(ControlFlow, LoopsInBranchesAndLimitedWhilesAgree) {
  for (const float x : {1.5f, -2.0f}) {
    Control control;
    const DeviceRun device = runOnCuda(branching(), {Bytes(std::vector<float>{x})}, &control);
    EXPECT_EQ(device.outputs[0].as<float>()[0], x * (x > 0 ? 32 : 0.125f) * 81);
    EXPECT_EQ(control.progress.load(), x > 0 ? 9u : 7u);
    EXPECT_EQ(run(branching(), {Bytes(std::vector<float>{x})})[0].as<float>(), device.outputs[0].as<float>());
  }
}

TEST_F(ControlFlow, ALoopWithoutEndIsCancelled) {
  PlanBuilder plan;
  const uint32_t always = plan.arena(1), out = plan.output(4);
  plan.add(whileLoop(unlimitedTrips, always, cluster({.dims = {1}, .loads = {}, .steps = {constant(Type::boolean, 0, 1)}, .stores = {{0, Type::boolean, always, {1}}}}),
                     cluster({.dims = {1}, .loads = {{0, Type::f32, out, {1}}}, .steps = {constant(Type::f32, 1, 1), {"add", Type::f32, 2, 0, 1}}, .stores = {{2, Type::f32, out, {1}}}})));
  Control control;
  std::thread canceller([&] {
    while (control.progress.load() < 3) std::this_thread::yield();
    control.cancelled = true;
  });
  EXPECT_EQ(runOnCuda(plan.words(), {}, &control).failure, "cancelled");
  canceller.join();
  EXPECT_GE(control.progress.load(), 3u);
}

TEST_F(ControlFlow, ConstantsReachTheDevice) {
  PlanBuilder plan;
  const auto values = ramp<double>(100);
  const uint32_t pool = plan.constants(values), out = plan.output(800);
  plan.add(cluster({.dims = {100}, .loads = {{0, Type::f64, pool, {1}}}, .steps = {{"neg", Type::f64, 1, 0}}, .stores = {{1, Type::f64, out, {1}}}}));
  expectParity<double>(plan.words(), {}, 0, "constants");
}

}  // namespace
}  // namespace credence::test
