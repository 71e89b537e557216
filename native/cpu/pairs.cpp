// Two cheap steps in one pass over a tile: what the first gives stays in a register. Compiled once per instruction set, without
// contraction: a product that is added to is rounded as it is where the two steps stand apart.
#include "named.hpp"

#include <credence/elementwise.hpp>

namespace credence {
inline namespace CREDENCE_ISA {
namespace {

using namespace cpu;

/// The steps that are joined, each with each.
#define CREDENCE_JOINED_STEPS(X) \
  X(Neg, false)                  \
  X(Abs, false)                  \
  X(Square, false)               \
  X(Add, true)                   \
  X(Sub, true)                   \
  X(Mul, true)                   \
  X(Div, true)                   \
  X(Max, true)                   \
  X(Min, true)

template <class Op, bool binary>
struct Joined {
  template <class V>
  CREDENCE_HD static V apply(V a, V b) {
    if constexpr (binary) return Op::apply(a, b);
    else return Op::apply(a);
  }
};

// second(first(a, b), c), or second(c, first(a, b)) where `right`
template <class First, class Second, bool right, class T>
void pairStep(void* dst, const void* a, const void* b, const void* c, int64_t n) {
  using V = NativeVec<T>;
  const T *x = static_cast<const T*>(a), *y = static_cast<const T*>(b), *z = static_cast<const T*>(c);
#pragma GCC unroll 2
  for (int64_t i = 0; i < n; i += lanesOf<V>) {
    const V first = First::apply(load<V>(x + i), load<V>(y + i)), other = load<V>(z + i);
    if constexpr (right) store(static_cast<T*>(dst) + i, Second::apply(other, first));
    else store(static_cast<T*>(dst) + i, Second::apply(first, other));
  }
}

template <class First, class Second, bool right>
StepFunction pairOf(Type type) {
  return type == Type::f32 ? pairStep<First, Second, right, float> : type == Type::f64 ? pairStep<First, Second, right, double> : nullptr;
}

template <class First>
StepFunction pairAfter(uint32_t second, bool right, Type type) {
  switch (static_cast<StepOp>(second)) {
#define CREDENCE_CASE(Functor, binary)                                                                         \
  case StepOp::Functor:                                                                                        \
    if (binary && right) return pairOf<First, Joined<Functor, binary>, binary>(type);                          \
    return pairOf<First, Joined<Functor, binary>, false>(type);
    CREDENCE_JOINED_STEPS(CREDENCE_CASE)
#undef CREDENCE_CASE
    default: return nullptr;
  }
}

}  // namespace
}  // namespace CREDENCE_ISA

namespace cpu {

StepFunction CREDENCE_NAMED(pair)(uint32_t first, uint32_t second, bool right, Type type) {
  switch (static_cast<StepOp>(first)) {
#define CREDENCE_CASE(Functor, binary) \
  case StepOp::Functor: return pairAfter<Joined<Functor, binary>>(second, right, type);
    CREDENCE_JOINED_STEPS(CREDENCE_CASE)
#undef CREDENCE_CASE
    default: return nullptr;
  }
}

}  // namespace cpu
}  // namespace credence
