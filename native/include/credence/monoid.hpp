// The monoids of a reduction: the elementwise operation that combines, its identity, and the type that accumulates.
#pragma once

#include <credence/elementwise.hpp>

namespace credence {
inline namespace CREDENCE_ISA {

template <class T>
CREDENCE_HD constexpr T lowestOf() {
  if constexpr (isFloating<T>) return -T(__builtin_huge_val());
  else if constexpr (std::is_signed_v<T>) return T(1u << 31);
  else return 0;
}
template <class T>
CREDENCE_HD constexpr T highestOf() {
  if constexpr (isFloating<T>) return T(__builtin_huge_val());
  else if constexpr (std::is_signed_v<T>) return T(0x7fffffff);
  else return T(-1);
}

// Sums of f32 accumulate in f64, so that their error does not grow with the count.
template <class T>
using Accumulator = std::conditional_t<std::is_same_v<T, float>, double, T>;

template <class T>
struct SumOf {
  using Op = Add;
  using Wide = Accumulator<T>;
  CREDENCE_HD static constexpr T identity() { return 0; }
};
template <class T>
struct ProdOf {
  using Op = Mul;
  using Wide = T;
  CREDENCE_HD static constexpr T identity() { return 1; }
};
template <class T>
struct MaxOf {  // NaN if any element is
  using Op = Max;
  using Wide = T;
  CREDENCE_HD static constexpr T identity() { return lowestOf<T>(); }
};
template <class T>
struct MinOf {
  using Op = Min;
  using Wide = T;
  CREDENCE_HD static constexpr T identity() { return highestOf<T>(); }
};
template <class T>
struct AllOf {  // booleans, as bytes
  using Op = And;
  using Wide = T;
  CREDENCE_HD static constexpr T identity() { return 1; }
};
template <class T>
struct AnyOf {
  using Op = Or;
  using Wide = T;
  CREDENCE_HD static constexpr T identity() { return 0; }
};

// The element that argmax (M = MaxOf) or argmin is after: the extreme, or the first NaN; the lower index of equals.
template <class T>
struct Indexed {
  T value;
  std::int32_t index;
};
template <class M, class T>
CREDENCE_HD Indexed<T> extremeOf(Indexed<T> a, Indexed<T> b) {
  const bool same = a.value == b.value || (a.value != a.value && b.value != b.value);
  if (same) return a.index < b.index ? a : b;
  const T extreme = M::Op::apply(a.value, b.value);
  return extreme == a.value || (extreme != extreme && a.value != a.value) ? a : b;
}

}  // namespace CREDENCE_ISA
}  // namespace credence
