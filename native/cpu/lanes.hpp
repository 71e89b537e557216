// What the loops do across the lanes of one vector.
#pragma once

#include <credence/portable.hpp>

namespace credence {
inline namespace CREDENCE_ISA {

/// Combines all lanes of x, halves first.
template <class Op, class V>
CREDENCE_HD ScalarOf<V> acrossLanes(V x) {
  using Half = Vec<ScalarOf<V>, lanesOf<V> / 2>;
  Half low, high;
  memcpy(&low, &x, sizeof low);
  memcpy(&high, reinterpret_cast<const char*>(&x) + sizeof low, sizeof high);
  if constexpr (lanesOf<V> == 2) return Op::apply(low, high);
  else return acrossLanes<Op>(Op::apply(low, high));
}

}  // namespace CREDENCE_ISA
}  // namespace credence
