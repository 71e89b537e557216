// Matrix products of all layouts, with bias, activation and accumulation, against the CPU.
#include <cstdlib>

#include "parity.hpp"

namespace credence::test {
namespace {

struct Case {
  uint32_t batch, m, n, k;
  bool transposeA = false, transposeB = false, bias = false, accumulate = false;
  const char* activation = "";
};
const Case cases[] = {
    {1, 1, 1, 1},
    {1, 65, 33, 70},
    {1, 64, 64, 16, false, true, true, false, "tanh"},
    {1, 130, 17, 5, true, false, true, false, "relu"},
    {1, 7, 200, 33, true, true, false, true},
    {3, 20, 31, 18, false, false, true, false, "softplus"},
    {2, 5, 6, 40, false, true, false, true},
    {1, 4, 5, 0, false, false, true, false, "sigmoid"},
    {1, 20, 30, 2100, true, false, true, false, "relu"},    // a long sum in parts
    {2, 33, 40, 3000, false, true, false, true},            // of each of a batch
    {150, 70, 66, 17, false, false, true, false, "tanh"},   // enough tiles for the largest of f64, and the middle one of f32
    {70, 129, 130, 5, true, false},                         // and for the largest of f32
};

template <class T>
void expectProduct(Type type, const Case& c) {
  PlanBuilder plan;
  const auto bytes = [](auto count) { return std::max<int64_t>(1, int64_t(count)) * int64_t(sizeof(T)); };
  const Bytes a(ramp<T>(std::max(1u, c.batch * c.m * c.k))), b(ramp<T>(std::max(1u, c.batch * c.k * c.n), 0.5)), bias(ramp<T>(c.n)),
      start(ramp<T>(c.batch * c.m * c.n));
  const uint32_t aSlot = plan.input(a.count()), bSlot = plan.input(b.count()), biasSlot = plan.input(bias.count()), startSlot = plan.input(start.count());
  const uint32_t out = plan.output(bytes(c.batch * c.m * c.n));
  plan.add(cluster({.dims = {c.batch * c.m * c.n}, .loads = {{0, type, startSlot, {1}}}, .steps = {}, .stores = {{0, type, out, {1}}}}));
  plan.add(barrier());
  const auto matrix = [](uint32_t slot, uint32_t rows, uint32_t cols, bool transposed) {
    return MatrixWords{slot, int32_t(rows * cols), transposed ? 1 : int32_t(cols), transposed ? int32_t(rows) : 1};
  };
  plan.add(matmul({.type = type, .batch = c.batch, .m = c.m, .n = c.n, .k = c.k, .a = matrix(aSlot, c.m, c.k, c.transposeA),
                   .b = matrix(bSlot, c.k, c.n, c.transposeB), .c = matrix(out, c.m, c.n, false), .bias = c.bias ? biasSlot : noSlot,
                   .activation = c.activation, .accumulate = c.accumulate}));
  const std::string what = std::to_string(c.batch) + " x " + std::to_string(c.m) + " x " + std::to_string(c.n) + " x " + std::to_string(c.k);
  expectParity<T>(plan.words(), {a, b, bias, start}, 10 * roundings<T>, what);
}

using MatmulParity = CudaParity;

TEST_F(MatmulParity, EveryLayoutAgreesWithTheCpu) {
  for (const Case& c : cases) {
    expectProduct<float>(Type::f32, c);
    expectProduct<double>(Type::f64, c);
  }
}

// With CREDENCE_CUDA_TF32=1: exactly the product of the factors rounded to TF32, up to the rounding of an f32 sum.
class TensorCores : public CudaParity {
 protected:
  void SetUp() override {
    CudaParity::SetUp();
    setenv("CREDENCE_CUDA_TF32", "1", 1);
  }
  void TearDown() override { unsetenv("CREDENCE_CUDA_TF32"); }
};

// To 10 bits of fraction, ties away from zero (PTX ISA, cvt.rna.tf32.f32).
double toTf32(float x) {
  const double scale = std::ldexp(1.0, 10 - std::ilogb(x == 0 ? 1.0f : x));
  return std::round(double(x) * scale) / scale;
}

TEST_F(TensorCores, ProductsAreThoseOfRoundedFactors) {
  for (const Case& c : {Case{1, 65, 70, 33}, Case{2, 30, 20, 100, true, true}, Case{1, 128, 64, 64, false, true}}) {
    const auto a = ramp<float>(c.batch * c.m * c.k), b = ramp<float>(c.batch * c.k * c.n, 0.5);
    PlanBuilder plan;
    const uint32_t aSlot = plan.input(int64_t(a.size()) * 4), bSlot = plan.input(int64_t(b.size()) * 4), out = plan.output(int64_t{c.batch} * c.m * c.n * 4);
    const auto strides = [](uint32_t rows, uint32_t cols, bool transposed) {
      return std::pair<int32_t, int32_t>(transposed ? 1 : int32_t(cols), transposed ? int32_t(rows) : 1);
    };
    const auto [aRow, aCol] = strides(c.m, c.k, c.transposeA);
    const auto [bRow, bCol] = strides(c.k, c.n, c.transposeB);
    plan.add(matmul({.type = Type::f32, .batch = c.batch, .m = c.m, .n = c.n, .k = c.k, .a = {aSlot, int32_t(c.m * c.k), aRow, aCol},
                     .b = {bSlot, int32_t(c.k * c.n), bRow, bCol}, .c = {out, int32_t(c.m * c.n), int32_t(c.n)}}));
    const auto got = runOnCuda(plan.words(), {a, b}).outputs[0].as<float>(), exact = run(plan.words(), {a, b})[0].as<float>();
    double furthest = 0;
    for (uint32_t batch = 0; batch < c.batch; ++batch)
      for (uint32_t i = 0; i < c.m; ++i)
        for (uint32_t j = 0; j < c.n; ++j) {
          double sum = 0, size = 0;
          for (uint32_t k = 0; k < c.k; ++k) {
            const double product = toTf32(a[batch * c.m * c.k + i * aRow + k * aCol]) * toTf32(b[batch * c.k * c.n + k * bRow + j * bCol]);
            sum += product;
            size += std::fabs(product);
          }
          const std::size_t at = (batch * c.m + i) * c.n + j;
          ASSERT_NEAR(got[at], sum, 3e-6 * size) << "a sum of " << c.k << " f32 products";
          furthest = std::max(furthest, std::fabs(double(got[at]) - exact[at]));
        }
    EXPECT_GT(furthest, 1e-5) << "TF32 was asked for, and f32 used";
  }
}

}  // namespace
}  // namespace credence::test
