// Runs of cheap steps in one pass over a tile. A step is a function of eight registers of a value, or of one, that ends in a jump to
// the next step (threaded code): what goes from step to step never leaves the registers, however many they are and in what order.
// Compiled once per instruction set, without contraction: a product that is added to is rounded as it is where the steps stand apart.
#include "named.hpp"

#include <credence/elementwise.hpp>

namespace credence {
inline namespace CREDENCE_ISA {
namespace {

using namespace cpu;

/// A step with its operand in one tile.
struct Link {
  LinkFunction run;
  const uint8_t* other;
};

template <class V>
using Wide = void (*)(const Link*, int64_t at, V, V, V, V, V, V, V, V);
template <class V>
using Narrow = void (*)(const Link*, int64_t at, V);

constexpr int64_t wideVectors = 8;

// Sibling calls, which leave the registers as they are.
#define CREDENCE_NEXT_WIDE return reinterpret_cast<Wide<V>>(link[1].run)(link + 1, at, a, b, c, d, e, f, g, h)
#define CREDENCE_NEXT_NARROW return reinterpret_cast<Narrow<V>>(link[1].run)(link + 1, at, a)

template <class V>
CREDENCE_HD V vectorAt(const uint8_t* memory, int64_t i) {
  return load<V>(reinterpret_cast<const ScalarOf<V>*>(memory) + i * lanesOf<V>);
}

template <class V>
CREDENCE_HD void storeAt(uint8_t* memory, int64_t i, V v) {
  store(reinterpret_cast<ScalarOf<V>*>(memory) + i * lanesOf<V>, v);
}

template <class Op, LinkForm form, class V>
CREDENCE_HD V applied(const Link* link, int64_t at, int64_t i, V v) {
  if constexpr (form == LinkForm::alone) return Op::apply(v);
  else if constexpr (form == LinkForm::left) return Op::apply(v, vectorAt<V>(link->other + at, i));
  else if constexpr (form == LinkForm::right) return Op::apply(vectorAt<V>(link->other + at, i), v);
  else if constexpr (form == LinkForm::leftOfOne) return Op::apply(v, vectorAt<V>(link->other, 0));
  else return Op::apply(vectorAt<V>(link->other, 0), v);
}

template <class Op, LinkForm form, class V>
void wideStep(const Link* link, int64_t at, V a, V b, V c, V d, V e, V f, V g, V h) {
  const auto step = [&](int64_t i, V v) { return applied<Op, form>(link, at, i, v); };
  a = step(0, a), b = step(1, b), c = step(2, c), d = step(3, d), e = step(4, e), f = step(5, f), g = step(6, g), h = step(7, h);
  CREDENCE_NEXT_WIDE;
}

template <class Op, LinkForm form, class V>
void narrowStep(const Link* link, int64_t at, V a) {
  a = applied<Op, form>(link, at, 0, a);
  CREDENCE_NEXT_NARROW;
}

template <class V>
CREDENCE_HD void beginWide(const Link* link, int64_t at) {
  const uint8_t* from = link->other + at;
  const V a = vectorAt<V>(from, 0), b = vectorAt<V>(from, 1), c = vectorAt<V>(from, 2), d = vectorAt<V>(from, 3);
  const V e = vectorAt<V>(from, 4), f = vectorAt<V>(from, 5), g = vectorAt<V>(from, 6), h = vectorAt<V>(from, 7);
  CREDENCE_NEXT_WIDE;
}

template <class V>
void endWide(const Link* link, int64_t at, V a, V b, V c, V d, V e, V f, V g, V h) {
  uint8_t* to = const_cast<uint8_t*>(link->other) + at;
  storeAt(to, 0, a), storeAt(to, 1, b), storeAt(to, 2, c), storeAt(to, 3, d);
  storeAt(to, 4, e), storeAt(to, 5, f), storeAt(to, 6, g), storeAt(to, 7, h);
}

template <class V>
CREDENCE_HD void beginNarrow(const Link* link, int64_t at) {
  const V a = vectorAt<V>(link->other + at, 0);
  CREDENCE_NEXT_NARROW;
}

template <class V>
void endNarrow(const Link* link, int64_t at, V a) {
  storeAt(const_cast<uint8_t*>(link->other) + at, 0, a);
}

template <class T>
void run(const ChainLink* chain, uint32_t count, const uint8_t* const* values, const uint8_t* first, uint8_t* dst, int64_t n) {
  using V = NativeVec<T>;
  constexpr int64_t width = wideVectors * vectorBytes;
  const int64_t bytes = n * int64_t(sizeof(T)), whole = bytes / width * width;
  Link links[stepMax + 2];
  const auto lay = [&](auto function, LinkFunction end) {
    links[0].other = first;
    for (uint32_t i = 0; i < count; ++i) links[i + 1] = {function(chain[i]), values[chain[i].other]};
    links[count + 1] = {end, dst};
  };
  if (whole > 0) {
    lay([](const ChainLink& link) { return link.wide; }, reinterpret_cast<LinkFunction>(&endWide<V>));
    for (int64_t at = 0; at < whole; at += width) beginWide<V>(links, at);
  }
  if (whole < bytes) {
    lay([](const ChainLink& link) { return link.narrow; }, reinterpret_cast<LinkFunction>(&endNarrow<V>));
    for (int64_t at = whole; at < bytes; at += vectorBytes) beginNarrow<V>(links, at);
  }
}

template <class Op, LinkForm form, class T>
ChainLink linkAs() {
  using V = NativeVec<T>;
  return {reinterpret_cast<LinkFunction>(&wideStep<Op, form, V>), reinterpret_cast<LinkFunction>(&narrowStep<Op, form, V>), 0, false};
}

template <class Op, LinkForm form>
ChainLink linkOf(Type type) {
  return type == Type::f32 ? linkAs<Op, form, float>() : type == Type::f64 ? linkAs<Op, form, double>() : ChainLink{};
}

/// Op where the second operand is known not to be NaN.
template <class Op>
struct OfNumber : Op {};
template <>
struct OfNumber<Max> {
  template <class V>
  CREDENCE_HD static V apply(V a, V b) {
    return larger(b, a);
  }
};
template <>
struct OfNumber<Min> {
  template <class V>
  CREDENCE_HD static V apply(V a, V b) {
    return smaller(b, a);
  }
};

template <class Op, bool binary>
ChainLink linkIn(LinkForm form, Type type) {
  if constexpr (!binary) {
    return linkOf<Op, LinkForm::alone>(type);
  } else {
    switch (form) {
      case LinkForm::left: return linkOf<Op, LinkForm::left>(type);
      case LinkForm::right: return linkOf<Op, LinkForm::right>(type);
      case LinkForm::leftOfOne: return linkOf<Op, LinkForm::leftOfOne>(type);
      case LinkForm::leftOfNumber: return linkOf<OfNumber<Op>, LinkForm::leftOfOne>(type);
      case LinkForm::rightOfOne: return linkOf<Op, LinkForm::rightOfOne>(type);
      default: return {};
    }
  }
}

}  // namespace
}  // namespace CREDENCE_ISA

namespace cpu {

/// The steps that are worth joining: those that take less time than a tile's way to the cache and back.
#define CREDENCE_CHEAP_STEPS(X) \
  X(Neg, false)                 \
  X(Abs, false)                 \
  X(Square, false)              \
  X(Add, true)                  \
  X(Sub, true)                  \
  X(Mul, true)                  \
  X(Div, true)                  \
  X(Max, true)                  \
  X(Min, true)

ChainLink CREDENCE_NAMED(link)(uint32_t opcode, LinkForm form, Type type) {
  switch (static_cast<StepOp>(opcode)) {
#define CREDENCE_CASE(Functor, binary) \
  case StepOp::Functor: return linkIn<Functor, binary>(form, type);
    CREDENCE_CHEAP_STEPS(CREDENCE_CASE)
#undef CREDENCE_CASE
    default: return {};
  }
}

void CREDENCE_NAMED(chain)(const ClusterStep& step, const ChainLink* links, const uint8_t* const* values, uint8_t* dst, int64_t n) {
  const auto loop = step.elementBytes == sizeof(float) ? run<float> : run<double>;
  loop(links + step.firstLink, step.linkCount, values, values[step.a], dst, n);
}

}  // namespace cpu
}  // namespace credence
