// Every step operation, of every type, on the device against the CPU; then the views a cluster reads and writes through.
#include "parity.hpp"

namespace credence::test {
namespace {

constexpr uint32_t count = 1000;

template <class T>
Type typeOfElement() {
  return std::is_same_v<T, float> ? Type::f32 : std::is_same_v<T, double> ? Type::f64 : std::is_same_v<T, int32_t> ? Type::i32 : std::is_same_v<T, uint32_t> ? Type::u32 : Type::boolean;
}

// One step on `operands` arrays of `type` (the first of bool for a selection), its result stored.
template <class T, class Out>
void expectStep(const StepOpRow& op, int operands, double tolerance) {
  const Type type = typeOfElement<T>();
  PlanBuilder plan;
  ClusterWords cluster{.dims = {count}, .loads = {}, .steps = {}, .stores = {}};
  std::vector<Bytes> inputs;
  for (int i = 0; i < operands; ++i) {
    const bool mask = op.arity == Arity::select && i == 0;
    if (mask) inputs.emplace_back(samples<uint8_t>(count));
    else inputs.emplace_back(samples<T>(count, std::size_t(i) * 37));
    cluster.loads.push_back({uint32_t(i), mask ? Type::boolean : type, plan.input(inputs.back().count()), {1}});
  }
  cluster.steps = {{op.name, type, 9, 0, operands > 1 ? 1u : 0u, operands > 2 ? 2u : 0u}};
  cluster.stores = {{9, typeOfElement<Out>(), plan.output(int64_t{count} * int64_t(sizeof(Out))), {1}}};
  plan.add(test::cluster(cluster));
  expectParity<Out>(plan.words(), inputs, tolerance, std::string(op.name) + " of " + nameOf(type));
}

using Cluster = CudaParity;

TEST_F(Cluster, EveryOperationOfEveryTypeAgreesWithTheCpu) {
  int tried = 0;
  for (const StepOpRow& op : stepOps) {
    const int operands = op.arity == Arity::unary ? 1 : op.arity == Arity::binary ? 2 : op.arity == Arity::select ? 3 : 0;
    if (operands == 0) continue;
    for (int type = 0; type < typeCount; ++type) {
      if (!(op.types & typeMask(Type(type)))) continue;
      dispatch(Type(type), [&](auto zero) {
        using T = decltype(zero);
        if (op.result == Result::boolean) expectStep<T, uint8_t>(op, operands, 0);
        else expectStep<T, T>(op, operands, 4 * roundings<T>);
      });
      ++tried;
    }
  }
  EXPECT_GT(tried, 100);
}

TEST_F(Cluster, CastsBetweenAllTypesAgree) {
  for (int from = 0; from < typeCount; ++from)
    for (int to = 0; to < typeCount; ++to)
      dispatch(Type(from), [&](auto source) {
        dispatch(Type(to), [&](auto target) {
          using From = decltype(source);
          using To = decltype(target);
          PlanBuilder plan;
          const Bytes input(samples<From>(count));
          const uint32_t in = plan.input(input.count()), out = plan.output(int64_t{count} * int64_t(sizeof(To)));
          plan.add(cluster({.dims = {count}, .loads = {{0, Type(from), in, {1}}},
                            .steps = {{"cast", Type(from), 1, 0, uint32_t(to)}}, .stores = {{1, Type(to), out, {1}}}}));
          expectParity<To>(plan.words(), {input}, 0, std::string(nameOf(Type(from))) + " to " + nameOf(Type(to)));
        });
      });
}

TEST_F(Cluster, ConstantsAndCountersAgreeInEveryType) {
  for (int type = 0; type < 4; ++type)
    dispatch(Type(type), [&](auto zero) {
      using T = decltype(zero);
      PlanBuilder plan;
      const uint32_t out = plan.output(int64_t{7 * 5 * 3} * int64_t(sizeof(T)));
      plan.add(cluster({.dims = {7, 5, 3}, .loads = {},
                        .steps = {{"iota", Type(type), 0, 1}, {"iota", Type(type), 1, 2}, constant(Type(type), 2, 10),
                                  {"mul", Type(type), 3, 0, 2}, {"add", Type(type), 4, 3, 1}},
                        .stores = {{4, Type(type), out, {15, 3, 1}}}}));
      expectParity<T>(plan.words(), {}, 0, nameOf(Type(type)));
    });
}

TEST_F(Cluster, StridedViewsAgree) {
  // out[i, j] = (x^T[i, j] + row[j] broadcast down) * flipped[i, j], stored in the right half of a wider array
  const uint32_t rows = 37, cols = 53;
  PlanBuilder plan;
  const Bytes x(ramp<float>(rows * cols)), row(ramp<float>(cols, 3)), flipped(ramp<float>(rows * cols, 2));
  const uint32_t a = plan.input(x.count()), b = plan.input(row.count()), c = plan.input(flipped.count());
  const uint32_t out = plan.output(int64_t{rows} * 2 * cols * 4);
  plan.add(cluster({.dims = {rows, cols},
                    .loads = {{0, Type::f32, a, {1, int32_t(rows)}}, {1, Type::f32, b, {0, 1}},
                              {2, Type::f32, c, {int32_t(cols), -1}, cols - 1}},
                    .steps = {{"add", Type::f32, 3, 0, 1}, {"mul", Type::f32, 4, 3, 2}},
                    .stores = {{4, Type::f32, out, {int32_t(2 * cols), 1}, cols}}}));
  const Words words = plan.words();
  const auto device = runOnCuda(words, {x, row, flipped}).outputs[0].as<float>(), reference = run(words, {x, row, flipped})[0].as<float>();
  for (uint32_t i = 0; i < rows; ++i)
    for (uint32_t j = cols; j < 2 * cols; ++j) ASSERT_NEAR(device[i * 2 * cols + j], reference[i * 2 * cols + j], 1e-6);
}

TEST_F(Cluster, GroupsOfElementsCrossRowsAndEndsAndMisalignedStarts) {
  // out[i, j, k] = 2 a[i, k, j] + b[i, j, k] from element 1 on, + j, in rows of a few elements that no group of four fits
  for (const uint32_t cols : {1u, 2u, 3u, 5u, 8u}) {
    PlanBuilder plan;
    const uint32_t deep = 5, wide = 7, all = deep * wide * cols;
    const Bytes a(ramp<float>(all)), b(ramp<float>(all + 1, 0.5));
    const uint32_t aSlot = plan.input(a.count()), bSlot = plan.input(b.count()), out = plan.output(all * 4);
    const std::vector<int32_t> strides = {int32_t(wide * cols), int32_t(cols), 1};
    plan.add(cluster({.dims = {deep, wide, cols},
                      .loads = {{0, Type::f32, aSlot, {int32_t(wide * cols), 1, int32_t(wide)}}, {1, Type::f32, bSlot, strides, 1}},
                      .steps = {constant(Type::f32, 2, 2), {"mul", Type::f32, 3, 0, 2}, {"add", Type::f32, 3, 3, 1}, {"iota", Type::f32, 4, 1}, {"add", Type::f32, 3, 3, 4}},
                      .stores = {{3, Type::f32, out, strides}}}));
    expectParity<float>(plan.words(), {a, b}, 1e-6, std::to_string(cols) + " columns");
  }
}

TEST_F(Cluster, ResultsThatOnlyTheNextStepReadsAgree) {
  // Registers written anew, read twice, read late, and read by a store only.
  PlanBuilder plan;
  const Bytes x(ramp<float>(count, 2));
  const uint32_t in = plan.input(x.count()), first = plan.output(x.count()), second = plan.output(x.count());
  plan.add(cluster({.dims = {count}, .loads = {{0, Type::f32, in, {1}}},
                    .steps = {{"tanh", Type::f32, 1, 0}, {"mul", Type::f32, 2, 1, 1}, {"add", Type::f32, 1, 2, 0}, {"exp", Type::f32, 2, 1},
                              {"add", Type::f32, 2, 2, 1}, {"neg", Type::f32, 3, 0}, {"mul", Type::f32, 0, 3, 2}},
                    .stores = {{0, Type::f32, first, {1}}, {2, Type::f32, second, {1}}}}));
  for (const std::size_t output : {0u, 1u}) expectParity<float>(plan.words(), {x}, 1e-6, "output", output);
}

TEST_F(Cluster, LongProgramsWithSeveralStoresInPlaceAgree) {
  PlanBuilder plan;
  const Bytes x(ramp<double>(count, 2));
  const uint32_t in = plan.input(x.count()), state = plan.arena(x.count()), first = plan.output(x.count()), second = plan.output(x.count());
  plan.add(cluster({.dims = {count}, .loads = {{0, Type::f64, in, {1}}}, .steps = {}, .stores = {{0, Type::f64, state, {1}}}}));
  plan.add(barrier());
  ClusterWords body{.dims = {count}, .loads = {{0, Type::f64, state, {1}}}, .steps = {},
                    .stores = {{0, Type::f64, state, {1}}, {0, Type::f64, first, {1}}, {2, Type::f64, second, {1}}}};
  for (int i = 0; i < 40; ++i) {
    body.steps.push_back({"tanh", Type::f64, 1, 0});
    body.steps.push_back({"exp", Type::f64, 2, 1});
    body.steps.push_back({"sub", Type::f64, 0, 2, 1});
  }
  plan.add(cluster(body));
  expectParity<double>(plan.words(), {x}, 1e-12, "first", 0);
  expectParity<double>(plan.words(), {x}, 1e-12, "second", 1);
}

}  // namespace
}  // namespace credence::test
