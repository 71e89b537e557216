// Loops with slices, predicates, conditions, cancellation and progress, against the CPU.
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

TEST_F(ControlFlow, ConstantsReachTheDevice) {
  PlanBuilder plan;
  const auto values = ramp<double>(100);
  const uint32_t pool = plan.constants(values), out = plan.output(800);
  plan.add(cluster({.dims = {100}, .loads = {{0, Type::f64, pool, {1}}}, .steps = {{"neg", Type::f64, 1, 0}}, .stores = {{1, Type::f64, out, {1}}}}));
  expectParity<double>(plan.words(), {}, 0, "constants");
}

}  // namespace
}  // namespace credence::test
