#include <gtest/gtest.h>

#include <cmath>

#include "plan_builder.hpp"

namespace credence::test {
namespace {

struct Shape {
  uint32_t batch, m, n, k;
  bool transposeA = false, transposeB = false;
  uint32_t parts = 1;
};

/// C = A B, or f(A B + bias), against plain f64 loops (the error of a sum grows with its terms), for one, two and three threads, which must agree in every bit.
template <class T>
void expectProduct(const Shape& s, const char* activation, double tolerance) {
  const Type type = sizeof(T) == 4 ? Type::f32 : Type::f64;
  const std::size_t sizeA = std::size_t{s.batch} * s.m * s.k, sizeB = std::size_t{s.batch} * s.k * s.n, sizeC = std::size_t{s.batch} * s.m * s.n;
  const auto as = ramp<T>(sizeA), bs = ramp<T>(sizeB), bias = ramp<T>(s.n);
  const auto i = [](uint32_t x) { return static_cast<int32_t>(x); };
  PlanBuilder plan;
  const auto a = plan.input(static_cast<int64_t>(sizeA * sizeof(T))), b = plan.input(static_cast<int64_t>(sizeB * sizeof(T))),
             v = plan.input(static_cast<int64_t>(s.n * sizeof(T))), c = plan.output(static_cast<int64_t>(sizeC * sizeof(T)));
  MatmulWords words{type, s.batch, s.m, s.n, s.k,
                    {a, i(s.m * s.k), s.transposeA ? 1 : i(s.k), s.transposeA ? i(s.m) : 1},
                    {b, i(s.k * s.n), s.transposeB ? 1 : i(s.n), s.transposeB ? i(s.k) : 1},
                    {c, i(s.m * s.n), i(s.n)}};
  words.parts = s.parts;
  if (activation) {
    words.bias = v;
    words.activation = activation;
  }
  plan.add(matmul(words));
  std::vector<T> first;
  for (const int threads : {1, 2, 3}) {
    const auto got = run(plan.words(), {as, bs, bias}, threads)[0].template as<T>();
    if (first.empty()) first = got;
    ASSERT_EQ(got, first) << threads << " threads, " << s.m << "x" << s.n << "x" << s.k << (s.transposeA ? " A transposed" : "") << (s.transposeB ? " B transposed" : "");
  }
  for (uint32_t batch = 0; batch < s.batch; ++batch)
    for (uint32_t m = 0; m < s.m; ++m)
      for (uint32_t n = 0; n < s.n; ++n) {
        double sum = 0;
        for (uint32_t k = 0; k < s.k; ++k)
          sum += double(as[batch * s.m * s.k + (s.transposeA ? k * s.m + m : m * s.k + k)]) * double(bs[batch * s.k * s.n + (s.transposeB ? n * s.k + k : k * s.n + n)]);
        const double biased = sum + double(bias[n]);
        const double expected = !activation ? sum : std::string(activation) == "relu" ? std::max(biased, 0.0) : std::tanh(biased);
        ASSERT_NEAR(double(first[(batch * s.m + m) * s.n + n]), expected, tolerance * (s.k + 4) / 4) << m << "," << n << " of " << s.m << "x" << s.n << "x" << s.k;
      }
}

TEST(Matmul, MultipliesMatricesOfManyShapes) {
  for (const Shape& shape : std::vector<Shape>{{1, 1, 1, 1}, {1, 3, 5, 7}, {1, 200, 50, 50, false, false, 8}, {1, 13, 33, 300}, {1, 100, 1, 64, false, false, 4},
                                               {1, 1, 100, 64}, {1, 64, 64, 64, false, false, 64}, {1, 50, 50, 200}, {1, 97, 401, 259}, {1, 24, 900, 30, false, false, 2}, {1, 37, 2, 130, false, false, 37},
                                               {1, 101, 3, 1030, false, false, 101}, {1, 1100, 4, 20, false, false, 11}, {1, 50, 8, 300, false, false, 2}, {1, 9, 2, 0}})
    for (const bool transposeA : {false, true})
      for (const bool transposeB : {false, true}) {
        Shape s = shape;
        s.transposeA = transposeA;
        s.transposeB = transposeB;
        expectProduct<float>(s, nullptr, 2e-6);
        expectProduct<double>(s, "tanh", 1e-14);
        expectProduct<double>(s, "relu", 1e-14);
      }
}

TEST(Matmul, MultipliesBatchesPartByPart) {
  expectProduct<float>({30, 4, 4, 4, false, false, 30}, "tanh", 1e-6);
  expectProduct<double>({7, 20, 9, 11, false, true, 7}, nullptr, 1e-14);
  expectProduct<float>({12, 33, 17, 40, true, false, 4}, "tanh", 1e-6);
}

TEST(Matmul, AddsBiasAndAppliesTheActivation) {
  expectProduct<float>({1, 200, 50, 50, false, false, 4}, "tanh", 1e-6);
  expectProduct<float>({1, 5, 2000, 3}, "tanh", 1e-6);
  expectProduct<float>({1, 9, 13, 0, false, false, 3}, "tanh", 1e-6);
}

template <class T>
void expectAccumulated(Type type) {
  PlanBuilder plan;
  const auto size = static_cast<int64_t>(sizeof(T));
  const auto a = plan.input(6 * size), b = plan.input(6 * size), c = plan.output(8 * size);
  // A [2,3], B [3,2], C rows of stride 4
  plan.add(matmul({type, 1, 2, 2, 3, {a, 0, 3}, {b, 0, 2}, {c, 0, 4}}));
  plan.add(barrier());
  plan.add(matmul({type, 1, 2, 2, 3, {a, 0, 3}, {b, 0, 2}, {c, 0, 4}, noSlot, "", true}));
  const auto got = run(plan.words(), {std::vector<T>{1, 2, 3, 4, 5, 6}, std::vector<T>{1, 0, 0, 1, 1, 1}})[0].template as<T>();
  EXPECT_EQ(got, (std::vector<T>{8, 10, 0, 0, 20, 22, 0, 0}));

  PlanBuilder columns;  // A stored by columns
  columns.input(6 * size), columns.input(6 * size), columns.output(8 * size);
  columns.add(matmul({type, 1, 2, 2, 3, {a, 0, 1, 2}, {b, 0, 2}, {c, 0, 4}}));
  columns.add(barrier());
  columns.add(matmul({type, 1, 2, 2, 3, {a, 0, 1, 2}, {b, 0, 2}, {c, 0, 4}, noSlot, "", true}));
  const auto turned = run(columns.words(), {std::vector<T>{1, 2, 3, 4, 5, 6}, std::vector<T>{1, 0, 0, 1, 1, 1}})[0].template as<T>();
  EXPECT_EQ(turned, (std::vector<T>{12, 16, 0, 0, 16, 20, 0, 0}));
}

TEST(Matmul, AccumulatesIntoAStridedResult) {
  expectAccumulated<float>(Type::f32);
  expectAccumulated<double>(Type::f64);
}

TEST(Matmul, AcceptsBroadcastAndReversedRows) {
  PlanBuilder plan;
  const auto a = plan.input(3 * 4), b = plan.input(6 * 4), c = plan.output(4 * 4), d = plan.output(4 * 4);
  plan.add(matmul({Type::f32, 1, 2, 2, 3, {a, 0, 0}, {b, 0, 2}, {c, 0, 2}}));           // both rows of A are the same
  plan.add(matmul({Type::f32, 1, 2, 2, 3, {a, 0, 0}, {b, 0, -2, 1, 4}, {d, 0, 2}}));    // rows of B in reverse
  const auto got = run(plan.words(), {std::vector<float>{1, 2, 3}, std::vector<float>{1, 0, 0, 1, 1, 1}});
  EXPECT_EQ(got[0].as<float>(), (std::vector<float>{4, 5, 4, 5}));
  EXPECT_EQ(got[1].as<float>(), (std::vector<float>{4, 3, 4, 3}));
}

TEST(Matmul, AgreesOnEveryInstructionSet) {
  PlanBuilder plan;
  const auto a = plan.input(70 * 90 * 8), b = plan.input(90 * 45 * 8), c = plan.output(70 * 45 * 8);
  plan.add(matmul({Type::f64, 1, 70, 45, 90, {a, 0, 90}, {b, 0, 45}, {c, 0, 45}}));
  const auto as = ramp<double>(70 * 90), bs = ramp<double>(90 * 45);
  std::vector<double> first;
  for (const cpu::Kernels* kernels : cpu::supportedKernels()) {
    cpu::Executable executable(decode(plan.words()), *kernels);
    const auto got = run(executable, {as, bs})[0].as<double>();
    if (first.empty()) first = got;
    for (std::size_t i = 0; i < got.size(); ++i) ASSERT_NEAR(got[i], first[i], 1e-12) << kernels->name;
  }
}

}  // namespace
}  // namespace credence::test
