// Matrix products of all layouts, with bias, activation and accumulation, against the CPU.
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

}  // namespace
}  // namespace credence::test
