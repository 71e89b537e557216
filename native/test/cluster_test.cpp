#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <numeric>
#include <random>

#include "plan_builder.hpp"

namespace credence::test {
namespace {

constexpr Type f32 = Type::f32;

std::vector<int32_t> rowMajor(const std::vector<uint32_t>& dims) {
  std::vector<int32_t> strides(dims.size(), 1);
  for (std::size_t d = dims.size(); d-- > 1;) strides[d - 1] = strides[d] * static_cast<int32_t>(dims[d]);
  return strides;
}

uint32_t countOf(const std::vector<uint32_t>& dims) {
  return std::accumulate(dims.begin(), dims.end(), 1u, std::multiplies<>());
}

/// out[i...] = x viewed through `strides` + y viewed contiguously, checked against plain loops.
void expectViewedSum(const std::vector<uint32_t>& dims, const std::vector<int32_t>& strides, uint32_t offset, std::size_t held, uint32_t parts = 1) {
  const uint32_t n = countOf(dims);
  PlanBuilder plan;
  const auto x = plan.input(static_cast<int64_t>(held) * 4), y = plan.input(n * 4), out = plan.output(n * 4);
  plan.add(cluster({dims, {{0, f32, x, strides, offset}, {1, f32, y, rowMajor(dims)}}, {{"add", f32, 2, 0, 1}}, {{2, f32, out, rowMajor(dims)}}, parts}));
  const auto xs = ramp<float>(held), ys = ramp<float>(n, 3);
  std::vector<float> expected(n);
  for (uint32_t i = 0; i < n; ++i) {
    int64_t at = offset;
    uint32_t rest = i;
    for (std::size_t d = dims.size(); d-- > 0; rest /= dims[d]) at += int64_t{rest % dims[d]} * strides[d];
    expected[i] = xs[static_cast<std::size_t>(at)] + ys[i];
  }
  for (const int threads : {1, 2, 3})
    EXPECT_EQ(run(plan.words(), {xs, ys}, threads)[0].as<float>(), expected) << threads << " threads";
}

TEST(Cluster, AddsContiguousArraysOfAnyLength) {
  for (const uint32_t n : {1u, 2u, 15u, 16u, 17u, 63u, 64u, 100u, 1000u, 1024u, 1025u, 5000u}) expectViewedSum({n}, {1}, 0, n);
}

TEST(Cluster, BroadcastsARowAndAColumn) {
  expectViewedSum({200, 50}, {0, 1}, 0, 50, 8);
  expectViewedSum({200, 50}, {1, 0}, 0, 200, 4);
  expectViewedSum({3, 2000}, {1, 0}, 0, 3, 3);
  expectViewedSum({3, 2000}, {0, 1}, 0, 2000);
}

TEST(Cluster, BroadcastsAScalar) { expectViewedSum({7, 300}, {0, 0}, 2, 3); }

TEST(Cluster, ReadsTransposedFlippedAndSlicedViews) {
  expectViewedSum({40, 70}, {1, 40}, 0, 2800, 5);
  expectViewedSum({500}, {-1}, 499, 500);
  expectViewedSum({500}, {3}, 1, 1500, 10);
  expectViewedSum({5, 6, 7}, {1, 5, 30}, 0, 210);
  expectViewedSum({5, 6, 7}, {42, -7, 1}, 35, 210, 5);
  expectViewedSum({4, 3, 1, 300}, {900, 0, 5, 1}, 0, 3000, 2);
}

TEST(Cluster, KeepsSmallInnerDimensionsTogetherInATile) {
  expectViewedSum({1000, 3, 2}, {2, 0, 1}, 0, 2000, 10);
  expectViewedSum({64, 2, 2, 2, 2}, {0, 8, 4, 2, 1}, 0, 16);
  expectViewedSum({2, 2, 2, 2, 2, 2, 2, 2}, {1, 2, 4, 8, 16, 32, 64, 128}, 0, 256, 2);
}

TEST(Cluster, StoresIntoAStridedView) {
  PlanBuilder plan;
  const auto x = plan.input(6 * 4), out = plan.output(20 * 4);
  plan.add(cluster({{2, 3}, {{0, f32, x, {3, 1}}}, {{"neg", f32, 1, 0}}, {{1, f32, out, {10, 2}, 1}}}));
  const auto got = run(plan.words(), {std::vector<float>{1, 2, 3, 4, 5, 6}})[0].as<float>();
  std::vector<float> expected(20, 0);
  for (std::size_t i = 0; i < 6; ++i) expected[1 + i / 3 * 10 + i % 3 * 2] = -static_cast<float>(i + 1);
  EXPECT_EQ(got, expected);
}

TEST(Cluster, UpdatesInPlaceWithoutSpoilingLaterReads) {
  // x <- x + 1 and y = x_old * x_new: the store to x may not be made before x_old has been read.
  PlanBuilder plan;
  const auto in = plan.input(3000 * 4), x = plan.arena(3000 * 4), out = plan.output(3000 * 4), y = plan.output(3000 * 4);
  plan.add(cluster({{3000}, {{0, f32, in, {1}}}, {{"add", f32, 1, 0, 0}}, {{1, f32, x, {1}}}}));
  plan.add(barrier());
  plan.add(cluster({{3000}, {{0, f32, x, {1}}}, {constant(f32, 1, 1), {"add", f32, 2, 0, 1}, {"mul", f32, 3, 0, 2}}, {{2, f32, x, {1}}, {3, f32, y, {1}}}, 3}));
  plan.add(barrier());
  plan.add(cluster({{3000}, {{0, f32, x, {1}}}, {}, {{0, f32, out, {1}}}}));
  const auto xs = ramp<float>(3000);
  for (const int threads : {1, 2, 3}) {
    const auto got = run(plan.words(), {xs}, threads);
    const auto gotX = got[0].as<float>(), gotY = got[1].as<float>();
    for (std::size_t i = 0; i < 3000; ++i) {
      const float old = xs[i] + xs[i];
      ASSERT_EQ(gotX[i], old + 1);
      ASSERT_EQ(gotY[i], old * (old + 1));
    }
  }
}

TEST(Cluster, SwapsTwoArraysThroughCopies) {
  PlanBuilder plan;
  const auto in = plan.input(64 * 4), x = plan.arena(32 * 4), y = plan.arena(32 * 4), out = plan.output(64 * 4);
  plan.add(cluster({{32}, {{0, f32, in, {1}}, {1, f32, in, {1}, 32}}, {}, {{0, f32, x, {1}}, {1, f32, y, {1}}}}));
  plan.add(barrier());
  plan.add(cluster({{32}, {{0, f32, x, {1}}, {1, f32, y, {1}}}, {}, {{0, f32, y, {1}}, {1, f32, x, {1}}}}));
  plan.add(barrier());
  plan.add(cluster({{32}, {{0, f32, x, {1}}, {1, f32, y, {1}}}, {}, {{0, f32, out, {1}}, {1, f32, out, {1}, 32}}}));
  const auto xs = ramp<float>(64);
  auto expected = xs;
  std::rotate(expected.begin(), expected.begin() + 32, expected.end());
  EXPECT_EQ(run(plan.words(), {xs})[0].as<float>(), expected);
}

TEST(Cluster, ReusesARegisterForAnotherType) {
  PlanBuilder plan;
  const auto x = plan.input(100 * 4), out = plan.output(100 * 4);
  plan.add(cluster({{100},
                    {{0, f32, x, {1}}},
                    {constant(f32, 1, 0.25), {"lt", f32, 1, 0, 1}, {"neg", f32, 2, 0}, {"where", f32, 0, 1, 2, 0}, {"mul", f32, 0, 0, 0}, {"neg", f32, 0, 0}},
                    {{0, f32, out, {1}}}}));
  const auto xs = ramp<float>(100);
  const auto got = run(plan.words(), {xs})[0].as<float>();
  for (std::size_t i = 0; i < 100; ++i) EXPECT_EQ(got[i], -(xs[i] * xs[i]));
}

TEST(Cluster, CountsAlongEveryDimensionInEveryType) {
  for (const uint32_t dim : {0u, 1u, 2u}) {
    PlanBuilder plan;
    const std::vector<uint32_t> dims{6, 5, 700};
    const auto asF32 = plan.output(21000 * 4), asF64 = plan.output(21000 * 8), asI32 = plan.output(21000 * 4), asU32 = plan.output(21000 * 4);
    plan.add(cluster({dims, {}, {{"iota", f32, 0, dim}, {"iota", Type::f64, 1, dim}, {"iota", Type::i32, 2, dim}, {"iota", Type::u32, 3, dim}},
                      {{0, f32, asF32, rowMajor(dims)}, {1, Type::f64, asF64, rowMajor(dims)}, {2, Type::i32, asI32, rowMajor(dims)}, {3, Type::u32, asU32, rowMajor(dims)}}, 3}));
    for (const int threads : {1, 2}) {
      const auto got = run(plan.words(), {}, threads);
      for (std::size_t i = 0; i < 21000; ++i) {
        const std::size_t index = dim == 0 ? i / 3500 : dim == 1 ? i / 700 % 5 : i % 700;
        ASSERT_EQ(got[0].as<float>()[i], static_cast<float>(index));
        if (i % 97) continue;  // each read copies the array
        ASSERT_EQ(got[1].as<double>()[i], static_cast<double>(index));
        ASSERT_EQ(got[2].as<int32_t>()[i], static_cast<int32_t>(index));
        ASSERT_EQ(got[3].as<uint32_t>()[i], index);
      }
    }
  }
}

TEST(Cluster, SplatsConstantsOfEveryType) {
  PlanBuilder plan;
  const auto a = plan.output(40 * 4), b = plan.output(40 * 8), c = plan.output(40 * 4), d = plan.output(40 * 4), e = plan.output(40);
  plan.add(cluster({{40}, {}, {constant(f32, 0, 0.1), constant(Type::f64, 1, 0.1), constant(Type::i32, 2, -7), constant(Type::u32, 3, 4e9), constant(Type::boolean, 4, 1)},
                    {{0, f32, a, {1}}, {1, Type::f64, b, {1}}, {2, Type::i32, c, {1}}, {3, Type::u32, d, {1}}, {4, Type::boolean, e, {1}}}}));
  const auto got = run(plan.words(), {});
  EXPECT_EQ(got[0].as<float>(), std::vector<float>(40, 0.1f));
  EXPECT_EQ(got[1].as<double>(), std::vector<double>(40, 0.1));
  EXPECT_EQ(got[2].as<int32_t>(), std::vector<int32_t>(40, -7));
  EXPECT_EQ(got[3].as<uint32_t>(), std::vector<uint32_t>(40, 4000000000u));
  EXPECT_EQ(got[4].as<uint8_t>(), std::vector<uint8_t>(40, 1));
}

TEST(Cluster, CastsBetweenAllTypes) {
  const std::vector<Type> types{Type::f32, Type::f64, Type::i32, Type::u32, Type::boolean};
  const std::vector<double> values{0, 1, 2.75, -3.5, 1e10, -1e10, std::nan(""), 255};
  for (const Type from : types)
    for (const Type to : types) {
      const auto n = static_cast<uint32_t>(values.size());
      PlanBuilder plan;
      const auto x = plan.input(n * 8), out = plan.output(n * 8);
      plan.add(cluster({{n}, {{0, Type::f64, x, {1}}}, {{"cast", Type::f64, 1, 0, word(from)}, {"cast", from, 2, 1, word(to)}, {"cast", to, 3, 2, word(Type::f64)}}, {{3, Type::f64, out, {1}}}}));
      const auto got = run(plan.words(), {values})[0].as<double>();
      const auto through = [](double value, Type type) -> double {
        switch (type) {
          case Type::f32: return static_cast<float>(value);
          case Type::f64: return value;
          case Type::i32: return std::isnan(value) ? 0 : std::trunc(std::clamp(value, -2147483648.0, 2147483647.0));
          case Type::u32: return std::isnan(value) ? 0 : std::trunc(std::clamp(value, 0.0, 4294967295.0));
          case Type::boolean: return value != 0;
        }
        return 0;
      };
      for (std::size_t i = 0; i < values.size(); ++i) {
        if (from == Type::i32 && to == Type::u32 && values[i] < 0) continue;  // wraps: the bits are kept
        if (from == Type::u32 && to == Type::i32 && values[i] > 2e9) continue;
        const double expected = through(through(values[i], from), to);
        if (std::isnan(expected)) EXPECT_TRUE(std::isnan(got[i]));
        else EXPECT_EQ(got[i], expected) << values[i] << " from " << nameOf(from) << " to " << nameOf(to);
      }
    }
}

TEST(Cluster, GivesTheSameBitsInAnyNumberOfThreadsAndForAnyNumberOfParts) {
  std::vector<float> first;
  const auto xs = ramp<float>(12000, 4);
  for (const uint32_t parts : {1u, 3u, 120u})
    for (const int threads : {1, 2, 3}) {
      PlanBuilder plan;
      const auto x = plan.input(12000 * 4), out = plan.output(12000 * 4);
      plan.add(cluster({{120, 100}, {{0, f32, x, {1, 120}}}, {{"exp", f32, 1, 0}, {"tanh", f32, 2, 1}, {"lgamma", f32, 3, 1}, {"mul", f32, 4, 2, 3}, {"sin", f32, 4, 4}}, {{4, f32, out, {100, 1}}}, parts}));
      const auto got = run(plan.words(), {xs}, threads)[0].as<float>();
      if (first.empty()) first = got;
      EXPECT_EQ(got, first) << parts << " parts, " << threads << " threads";
    }
}

// Every step of the table, on every type it is defined for: each instruction set that this machine has gives values within
// 1e-5 (f32) or 1e-12 (f64) of the narrowest one, and integers and booleans exactly.
TEST(Cluster, RunsEveryStepAlikeOnEveryInstructionSet) {
  for (int opcode = 1; opcode <= stepOpCount; ++opcode) {
    const StepOpRow& op = stepOps[opcode - 1];
    if (op.arity == Arity::cast || op.arity == Arity::constant || op.arity == Arity::iota) continue;
    for (uint32_t t = 0; t < typeCount; ++t) {
      const Type type = static_cast<Type>(t);
      if (!(op.types & typeMask(type))) continue;
      constexpr uint32_t n = 333;
      const Type result = op.result == Result::boolean ? Type::boolean : type;
      PlanBuilder plan;
      const auto x = plan.input(n * 8), out = plan.output(n * sizeOf(result));
      ClusterWords words{{n}, {{0, Type::f64, x, {1}}}, {}, {}};
      words.steps.push_back({"cast", Type::f64, 1, 0, word(type)});
      words.steps.push_back(constant(type, 2, 1));
      words.steps.push_back({"cast", Type::f64, 3, 0, word(Type::boolean)});
      if (op.arity == Arity::unary) words.steps.push_back({op.name, type, 4, 1});
      if (op.arity == Arity::binary) words.steps.push_back({op.name, type, 4, 1, 2});
      if (op.arity == Arity::select) words.steps.push_back({op.name, type, 4, 3, 1, 2});
      words.stores.push_back({4, result, out, {1}});
      plan.add(cluster(words));
      const auto xs = ramp<double>(n, 3);
      std::vector<double> first;
      for (const cpu::Kernels* kernels : cpu::supportedKernels()) {
        cpu::Executable executable(decode(plan.words()), *kernels);
        const Bytes got = run(executable, {xs})[0];
        std::vector<double> values;
        for (uint32_t i = 0; i < n; ++i) {
          const auto value = [&](auto element) { return static_cast<double>(element); };
          values.push_back(result == Type::f32   ? value(got.as<float>()[i])
                           : result == Type::f64 ? value(got.as<double>()[i])
                           : result == Type::i32 ? value(got.as<int32_t>()[i])
                           : result == Type::u32 ? value(got.as<uint32_t>()[i])
                                                 : value(got.as<uint8_t>()[i]));
        }
        if (first.empty()) first = values;
        const double tolerance = result == Type::f32 ? 1e-5 : result == Type::f64 ? 1e-12 : 0;
        for (uint32_t i = 0; i < n; ++i) {
          if (std::isnan(first[i]) && std::isnan(values[i])) continue;
          if (first[i] == values[i]) continue;
          ASSERT_NEAR(values[i], first[i], tolerance * std::max(1.0, std::abs(first[i]))) << op.name << " of " << xs[i] << " in " << nameOf(type) << " on " << kernels->name;
        }
      }
    }
  }
}

TEST(Cluster, DoesNothingForAnEmptyDimension) {
  PlanBuilder plan;
  const auto x = plan.input(0), out = plan.output(0);
  plan.add(cluster({{0, 5}, {{0, f32, x, {5, 1}}}, {{"exp", f32, 1, 0}}, {{1, f32, out, {5, 1}}}}));
  EXPECT_TRUE(run(plan.words(), {std::vector<float>{}})[0].as<float>().empty());
}

bool isBinary(std::string_view step) { return stepOps[code(step) - 1].arity == Arity::binary; }

/// A chain of steps on x: each takes the value of the one before it, and y, z or a constant on its left or right. Where `apart`, every result is
/// stored, so that no steps are joined.
template <class T>
Words chainPlan(Type type, uint32_t n, uint32_t seed, std::vector<const char*> names, bool apart) {
  PlanBuilder plan;
  const int64_t bytes = n * sizeOf(type);
  const auto x = plan.input(bytes), y = plan.input(bytes), z = plan.input(bytes), scalar = plan.input(sizeOf(type)), out = plan.output(bytes);
  const double constants[] = {0.75, -1.25, 0.0, NAN};
  ClusterWords words{{n}, {{0, type, x, {1}}, {1, type, y, {1}}, {2, type, z, {1}}, {3, type, scalar, {0}}}, {}, {}};
  for (uint32_t i = 0; i < 4; ++i) words.steps.push_back(constant(type, 4 + i, constants[i]));
  words.registers = 32;
  std::minstd_rand draw(seed);
  uint32_t value = 0, next = 8;
  for (const char* name : names) {
    const uint32_t other = 1 + draw() % (draw() % 8 == 0 ? 7 : 6);  // NaN seldom, or there is nothing else
    if (!isBinary(name)) words.steps.push_back({name, type, next, value});
    else if (draw() % 2) words.steps.push_back({name, type, next, value, other});
    else words.steps.push_back({name, type, next, other, value});
    value = next++;
    if (apart && value + 1 < 8 + names.size() + 1) words.stores.push_back({value, type, plan.output(bytes), {1}});
  }
  words.stores.insert(words.stores.begin(), {value, type, out, {1}});
  plan.add(cluster(words));
  return plan.words();
}

template <class T>
void expectChainsToKeepTheirBits(Type type) {
  constexpr auto cheap = std::to_array({"neg", "abs", "square", "add", "sub", "mul", "div", "max", "min"});
  for (const uint32_t n : {5u, 75u, 1000u}) {  // less than a vector; vectors; blocks of them and a rest, in several tiles
    const auto x = ramp<T>(n, 3), y = ramp<T>(n, 0.7);
    std::vector<T> z = ramp<T>(n, -1.1);
    for (std::size_t i = 0; i < z.size(); i += 3) z[i] = -x[i] * y[i];  // a product that is added to what cancels it
    const std::vector<Bytes> inputs{Bytes(x), Bytes(y), Bytes(z), Bytes(std::vector<T>{T(1.5)})};
    for (uint32_t seed = 1; seed <= 60; ++seed) {
      std::minstd_rand draw(seed);
      std::vector<const char*> names(2 + draw() % 12);
      for (const char*& name : names) name = draw() % 10 == 0 ? "tanh" : cheap[draw() % cheap.size()];  // what is not cheap ends a chain
      for (const cpu::Kernels* kernels : cpu::supportedKernels()) {
        cpu::Executable joined(decode(chainPlan<T>(type, n, seed, names, false)), *kernels);
        cpu::Executable apart(decode(chainPlan<T>(type, n, seed, names, true)), *kernels);
        const auto got = run(joined, inputs)[0].template as<T>(), expected = run(apart, inputs)[0].template as<T>();
        for (std::size_t i = 0; i < got.size(); ++i) {
          if (std::isnan(got[i]) && std::isnan(expected[i])) continue;  // which NaN, the hardware decides by the order of its operands
          ASSERT_EQ(std::memcmp(&got[i], &expected[i], sizeof(T)), 0) << kernels->name << " seed " << seed << " n " << n << " at " << i << ": " << got[i] << " and " << expected[i];
        }
      }
    }
  }
}

TEST(Cluster, JoinsStepsWithoutChangingABit) {
  expectChainsToKeepTheirBits<float>(Type::f32);
  expectChainsToKeepTheirBits<double>(Type::f64);
}

}  // namespace
}  // namespace credence::test
