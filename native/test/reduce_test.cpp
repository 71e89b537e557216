#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numeric>

#include "plan_builder.hpp"

namespace credence::test {
namespace {

/// Reduces ramp values viewed as given; compares with a plain f64 loop to `tolerance` relative to the sum of magnitudes.
template <class T>
void expectReduced(Monoid monoid, Type type, const std::vector<uint32_t>& kept, const std::vector<uint32_t>& reduced,
                   const std::vector<int32_t>& stridesKept, const std::vector<int32_t>& stridesReduced, std::size_t held, uint32_t parts, double tolerance) {
  const auto product = [](const std::vector<uint32_t>& dims) { return std::accumulate(dims.begin(), dims.end(), 1u, std::multiplies<>()); };
  const uint32_t results = product(kept), terms = product(reduced);
  auto xs = ramp<T>(held, type == Type::i32 ? 100 : 1);
  if (monoid == Monoid::prod)
    for (T& x : xs) x = static_cast<T>(1 + x / 64);
  PlanBuilder plan;
  const auto in = plan.input(static_cast<int64_t>(held * sizeof(T))), out = plan.output(results * static_cast<int64_t>(sizeof(T)));
  plan.add(reduce({monoid, type, kept, reduced, in, stridesKept, stridesReduced, out, parts}));
  std::vector<T> first;
  for (const int threads : {1, 2, 3}) {
    const auto got = run(plan.words(), {xs}, threads)[0].template as<T>();
    if (first.empty()) first = got;
    EXPECT_EQ(got, first) << threads << " threads";
  }
  const auto offsetOf = [](uint32_t index, const std::vector<uint32_t>& dims, const std::vector<int32_t>& strides) {
    int64_t at = 0;
    for (std::size_t d = dims.size(); d-- > 0; index /= dims[d]) at += int64_t{index % dims[d]} * strides[d];
    return at;
  };
  for (uint32_t i = 0; i < results; ++i) {
    double expected = monoid == Monoid::sum ? 0 : monoid == Monoid::prod ? 1 : monoid == Monoid::max ? -1e300 : 1e300, magnitude = 0;
    for (uint32_t j = 0; j < terms; ++j) {
      const double x = static_cast<double>(xs[static_cast<std::size_t>(offsetOf(i, kept, stridesKept) + offsetOf(j, reduced, stridesReduced))]);
      magnitude += std::abs(x);
      expected = monoid == Monoid::sum ? expected + x : monoid == Monoid::prod ? expected * x : monoid == Monoid::max ? std::max(expected, x) : std::min(expected, x);
    }
    ASSERT_NEAR(static_cast<double>(first[i]), expected, tolerance * std::max(1.0, magnitude)) << "result " << i;
  }
}

TEST(Reduce, FoldsContiguousRowsOfAnyLength) {
  for (const uint32_t n : {1u, 3u, 16u, 50u, 64u, 65u, 1000u, 5000u})
    for (const Monoid monoid : {Monoid::sum, Monoid::prod, Monoid::max, Monoid::min}) {
      expectReduced<float>(monoid, Type::f32, {12}, {n}, {static_cast<int32_t>(n)}, {1}, 12 * n, 4, 1e-6);
      expectReduced<double>(monoid, Type::f64, {12}, {n}, {static_cast<int32_t>(n)}, {1}, 12 * n, 3, 1e-14);
    }
}

TEST(Reduce, SumsColumnsOfAnyNumber) {
  for (const uint32_t n : {1u, 2u, 3u, 5u, 8u, 16u, 17u, 50u, 64u, 100u, 130u}) {
    expectReduced<float>(Monoid::sum, Type::f32, {n}, {200}, {1}, {static_cast<int32_t>(n)}, 200 * n, n, 1e-6);
    expectReduced<double>(Monoid::max, Type::f64, {n}, {200}, {1}, {static_cast<int32_t>(n)}, 200 * n, 1, 0);
    expectReduced<int32_t>(Monoid::sum, Type::i32, {n}, {200}, {1}, {static_cast<int32_t>(n)}, 200 * n, n, 0);
  }
}

TEST(Reduce, FoldsStridedViews) {
  expectReduced<float>(Monoid::sum, Type::f32, {5, 7}, {3, 4}, {84, 1}, {28, 7}, 420, 5, 1e-6);
  expectReduced<float>(Monoid::sum, Type::f32, {7, 5}, {3, 4}, {1, 84}, {28, 7}, 420, 7, 1e-6);
  expectReduced<double>(Monoid::prod, Type::f64, {5}, {3, 28}, {84}, {28, 1}, 420, 1, 1e-14);
  expectReduced<float>(Monoid::max, Type::f32, {4, 6}, {5}, {5, 20}, {1}, 120, 2, 0);
  expectReduced<float>(Monoid::sum, Type::f32, {1}, {10000}, {0}, {3}, 30000, 1, 1e-6);
  expectReduced<float>(Monoid::sum, Type::f32, {2, 3}, {1000}, {0, 1}, {3}, 3000, 2, 1e-6);
}

TEST(Reduce, KeepsSinglePrecisionSumsOfAMillionTermsAccurate) {
  PlanBuilder plan;
  constexpr uint32_t n = 1 << 20;
  const auto in = plan.input(n * 4), out = plan.output(4), columns = plan.output(64);
  plan.add(reduce({Monoid::sum, Type::f32, {1}, {n}, in, {0}, {1}, out}));
  plan.add(reduce({Monoid::sum, Type::f32, {16}, {n / 16}, in, {1}, {16}, columns}));
  const auto got = run(plan.words(), {std::vector<float>(n, 0.1f)});
  const double exact = 0.1f * static_cast<double>(n);
  EXPECT_NEAR(got[0].as<float>()[0] / exact, 1, 2e-6);
  EXPECT_NEAR(got[1].as<float>()[15] / (exact / 16), 1, 2e-6);
}

TEST(Reduce, PropagatesNaNThroughMaxAndMin) {
  for (const Monoid monoid : {Monoid::max, Monoid::min})
    for (const std::size_t at : {0u, 5u, 17u, 99u}) {
      PlanBuilder plan;
      const auto in = plan.input(400), out = plan.output(4), columns = plan.output(16);
      plan.add(reduce({monoid, Type::f32, {1}, {100}, in, {0}, {1}, out}));
      plan.add(reduce({monoid, Type::f32, {4}, {25}, in, {1}, {4}, columns}));
      auto xs = ramp<float>(100);
      xs[at] = std::numeric_limits<float>::quiet_NaN();
      const auto got = run(plan.words(), {xs});
      EXPECT_TRUE(std::isnan(got[0].as<float>()[0])) << at;
      for (std::size_t c = 0; c < 4; ++c) EXPECT_EQ(std::isnan(got[1].as<float>()[c]), c == at % 4);
    }
}

TEST(Reduce, FindsTheFirstLargestAndSmallestIndex) {
  PlanBuilder plan;
  const auto in = plan.input(24 * 4), largest = plan.output(3 * 4), smallest = plan.output(3 * 4);
  plan.add(reduce({Monoid::argmax, Type::f32, {3}, {8}, in, {8}, {1}, largest}));
  plan.add(reduce({Monoid::argmin, Type::f32, {3}, {8}, in, {8}, {1}, smallest}));
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const std::vector<float> xs{1, 5, 5, 2, 0, 0, 3, 4, /**/ 7, 7, 7, 7, 7, 7, 7, 7, /**/ 1, 2, nan, 9, nan, -9, 0, 0};
  const auto got = run(plan.words(), {xs});
  EXPECT_EQ(got[0].as<int32_t>(), (std::vector<int32_t>{1, 0, 2}));
  EXPECT_EQ(got[1].as<int32_t>(), (std::vector<int32_t>{4, 0, 2}));
}

TEST(Reduce, CombinesBooleans) {
  PlanBuilder plan;
  const auto in = plan.input(200), all = plan.output(2), any = plan.output(2);
  plan.add(reduce({Monoid::logicalAnd, Type::boolean, {2}, {100}, in, {100}, {1}, all}));
  plan.add(reduce({Monoid::logicalOr, Type::boolean, {2}, {100}, in, {100}, {1}, any}));
  std::vector<uint8_t> xs(200, 1);
  xs[57] = 0;
  auto got = run(plan.words(), {xs});
  EXPECT_EQ(got[0].as<uint8_t>(), (std::vector<uint8_t>{0, 1}));
  EXPECT_EQ(got[1].as<uint8_t>(), (std::vector<uint8_t>{1, 1}));
  std::fill(xs.begin(), xs.end(), uint8_t{0});
  xs[199] = 1;
  got = run(plan.words(), {xs});
  EXPECT_EQ(got[1].as<uint8_t>(), (std::vector<uint8_t>{0, 1}));
}

TEST(Reduce, GivesTheIdentityOfAnEmptyReduction) {
  PlanBuilder plan;
  const auto in = plan.input(0), sum = plan.output(12), prod = plan.output(12), max = plan.output(12);
  plan.add(reduce({Monoid::sum, Type::f32, {3}, {0}, in, {0}, {1}, sum}));
  plan.add(reduce({Monoid::prod, Type::f32, {3}, {4, 0}, in, {0}, {0, 1}, prod}));
  plan.add(reduce({Monoid::max, Type::f32, {3}, {0}, in, {0}, {1}, max}));
  const auto got = run(plan.words(), {std::vector<float>{}});
  EXPECT_EQ(got[0].as<float>(), std::vector<float>(3, 0));
  EXPECT_EQ(got[1].as<float>(), std::vector<float>(3, 1));
  EXPECT_EQ(got[2].as<float>(), std::vector<float>(3, -std::numeric_limits<float>::infinity()));
}

}  // namespace
}  // namespace credence::test
