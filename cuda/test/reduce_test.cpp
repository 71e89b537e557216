// Every monoid of every type, along contiguous and strided dimensions, few long results and many short ones.
#include "parity.hpp"

namespace credence::test {
namespace {

struct Shape {
  const char* what;
  std::vector<uint32_t> kept, reduced;
  std::vector<int32_t> stridesKept, stridesReduced;
};
const Shape shapes[] = {
    {"one long row", {1}, {30000}, {0}, {1}},
    {"a few rows", {5}, {1000}, {1000}, {1}},
    {"columns", {50}, {200}, {1}, {50}},
    {"many short rows", {5000}, {6}, {6}, {1}},
    {"two reduced dimensions of a transposed array", {7, 3}, {20, 11}, {1, 7}, {231, 21}},
    {"backwards", {4}, {100}, {100}, {-1}},
    {"long columns", {40}, {700}, {1}, {40}},  // in chunks, a warp of results to a block
    {"many rows", {4100}, {33}, {3}, {1}},  // a warp each; they overlap
};

template <class T>
void expectReduction(Monoid monoid, Type type, const Shape& shape, const std::vector<T>& x) {
  const bool index = monoid == Monoid::argmax || monoid == Monoid::argmin;
  if (index && shape.reduced.size() != 1) return;
  int64_t results = 1;
  for (const uint32_t dim : shape.kept) results *= dim;
  PlanBuilder plan;
  const Bytes input(x);
  const uint32_t in = plan.input(input.count()), out = plan.output(results * int64_t(index ? 4 : sizeof(T)));
  const uint32_t offset = shape.stridesReduced[0] < 0 ? shape.reduced[0] - 1 : 0;
  plan.add(reduce({monoid, type, shape.kept, shape.reduced, in, shape.stridesKept, shape.stridesReduced, out, 1, offset}));
  const std::string what = std::string("monoid ") + std::to_string(int(monoid)) + " of " + nameOf(type) + ", " + shape.what;
  if (index) expectParity<int32_t>(plan.words(), {input}, 0, what);
  else expectParity<T>(plan.words(), {input}, 30 * roundings<T>, what);
}

using ReduceParity = CudaParity;

TEST_F(ReduceParity, EveryMonoidOfEveryTypeAgreesWithTheCpu) {
  for (const Shape& shape : shapes)
    for (int type = 0; type < typeCount; ++type)
      dispatch(Type(type), [&](auto zero) {
        using T = decltype(zero);
        if constexpr (std::is_same_v<T, uint8_t>) {
          for (double rare : {0.0, 0.999}) {  // nearly all true, so that both answers come up
            std::vector<T> x(30000);
            for (std::size_t i = 0; i < x.size(); ++i) x[i] = (i * 7919 + 13) % 2003 > 2003 * rare;
            for (const Monoid monoid : {Monoid::logicalAnd, Monoid::logicalOr}) expectReduction<T>(monoid, Type(type), shape, x);
          }
        } else {
          auto x = ramp<T>(30000, std::is_integral_v<T> ? 1000 : 1);
          for (const Monoid monoid : {Monoid::sum, Monoid::max, Monoid::min, Monoid::argmax, Monoid::argmin})
            expectReduction<T>(monoid, Type(type), shape, x);
          if constexpr (std::is_floating_point_v<T>)
            for (T& value : x) value = 1 + value / 1000;  // products of a moderate size
          expectReduction<T>(Monoid::prod, Type(type), shape, x);
        }
      });
}

TEST_F(ReduceParity, NanWinsAndTheFirstOfEqualsIsTheIndex) {
  std::vector<float> x(5000, 1.0f);
  x[700] = x[1800] = 9;
  x[3300] = x[4100] = NAN;
  for (const Monoid monoid : {Monoid::max, Monoid::min, Monoid::argmax, Monoid::argmin, Monoid::sum})
    expectReduction<float>(monoid, Type::f32, {"with NaN", {5}, {1000}, {1000}, {1}}, x);
}

TEST_F(ReduceParity, AnEmptyReductionGivesTheIdentity) {
  for (const Monoid monoid : {Monoid::sum, Monoid::prod, Monoid::max, Monoid::min})
    expectReduction<float>(monoid, Type::f32, {"nothing", {3}, {0}, {0}, {1}}, {1.0f});
}

}  // namespace
}  // namespace credence::test
