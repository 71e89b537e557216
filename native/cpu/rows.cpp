// The CPU loops over the row operations' bodies. Compiled once per instruction set.
#include <credence/row_ops.hpp>
#include <credence/rows.hpp>

#include "named.hpp"
#include "row_loops.hpp"

namespace credence {
inline namespace CREDENCE_ISA {
namespace {

RowBlock blockOf(const RowCall& call) {
  RowBlock block{};
  for (int i = 0; i < call.operandCount; ++i)
    block.operands[i] = {call.operands[i].data, call.operands[i].rowStride, call.operands[i].rowLength};
  for (int i = 0; i < call.integerCount; ++i) block.integers[i] = call.integers[i];
  for (int i = 0; i < call.numberCount; ++i) block.numbers[i] = call.numbers[i];
  return block;
}

// One loop per form of body; T is the element type.
template <class F, RowForm form>
struct Loop;

template <class F>
struct Loop<F, RowForm::row> {
  template <class T>
  static void run(const RowBlock& block, int64_t begin, int64_t end, RowFailure& failure) {
    for (int64_t r = begin; r < end && failure.kind == RowFailure::none; ++r) F::template row<T>(block, r, failure);
  }
};

template <class F>
struct Loop<F, RowForm::lanes> {
  template <class T>
  static void run(const RowBlock& block, int64_t begin, int64_t end, RowFailure&) {
    using V = NativeVec<T>;
    for (int64_t r = begin; r < end; r += lanesOf<V>) F::template lanes<V>(block, r, end - r < lanesOf<V> ? int(end - r) : lanesOf<V>);
  }
};

template <class F>
struct Loop<F, RowForm::wide> {
  template <class T>
  static void run(const RowBlock& block, int64_t begin, int64_t end, RowFailure&) {
    using V = NativeVec<double>;
    for (int64_t r = begin; r < end; r += lanesOf<V>)
      F::template lanes<V, T>(block, r, end - r < lanesOf<V> ? int(end - r) : lanesOf<V>);
  }
};

template <class F>
struct Loop<F, RowForm::range> {
  template <class T>
  static void run(const RowBlock& block, int64_t begin, int64_t end, RowFailure&) {
    F::template range<NativeVec<double>, T>(block, begin, end);
  }
};

template <class F, RowForm form, RowTyping typing, int inputs>
void runRows(const char* name, const RowCall& call, int64_t begin, int64_t end) {
  const RowBlock block = blockOf(call);
  const Type type = call.operands[inputs].type;
  RowFailure failure{};
  using L = Loop<F, form>;
  if constexpr (typing == RowTyping::real) {
    if (type == Type::f32) L::template run<float>(block, begin, end, failure);
    else L::template run<double>(block, begin, end, failure);
  } else if constexpr (typing == RowTyping::bytes) {
    if (typeBytes[int(type)] == 1) L::template run<uint8_t>(block, begin, end, failure);
    else if (typeBytes[int(type)] == 4) L::template run<uint32_t>(block, begin, end, failure);
    else L::template run<uint64_t>(block, begin, end, failure);
  } else {
    L::template run<uint32_t>(block, begin, end, failure);
  }
  if (failure.kind == RowFailure::indexOutside)
    call.status->fail("%s: index %d is outside [0, %d)", name, failure.index, failure.bound);
}

#define CREDENCE_ROW_LOOP(name, Functor, form, inputs, outputs, typing)        \
  void name##Rows(const RowCall& call, int64_t begin, int64_t end) {           \
    runRows<Functor, RowForm::form, RowTyping::typing, inputs>(#name, call, begin, end); \
  }
CREDENCE_ROW_OPS(CREDENCE_ROW_LOOP)
#undef CREDENCE_ROW_LOOP

}  // namespace
}  // namespace CREDENCE_ISA

const cpu::RowLoop cpu::CREDENCE_NAMED(rowLoops)[] = {
#define CREDENCE_ROW_LOOP(name, Functor, form, inputs, outputs, typing) name##Rows,
    CREDENCE_ROW_OPS(CREDENCE_ROW_LOOP)
#undef CREDENCE_ROW_LOOP
};

}  // namespace credence
