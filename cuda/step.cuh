// One step of a cluster on a few neighbouring elements at once: a switch over the table of elementwise.hpp.
#pragma once

#include <credence/elementwise.hpp>
#include <credence/plan.hpp>

#include "step_form.hpp"

namespace credence::cuda {

/// One register of a cluster in one thread: 16 bytes, a word for each of the thread's elements. A word holds a value of any
/// type that is no wider; a bool is a byte 0 or 1.
template <class Word>
struct alignas(16) Lanes {
  static constexpr int count = 16 / int(sizeof(Word));
  static constexpr uint32_t types = sizeof(Word) == 8 ? anyType : anyType & ~typeMask(Type::f64);
  Word words[count];

  template <class T>
  CREDENCE_HD T get(int lane) const {
    T value;
    memcpy(&value, &words[lane], sizeof(T));
    return value;
  }
  template <class T>
  CREDENCE_HD void set(int lane, T value) {
    memcpy(&words[lane], &value, sizeof(T));
  }
};

/// Calls f(T{}) for the C++ type of `type`, if it is in the mask `types`.
template <uint32_t types, class F>
CREDENCE_HD void withType(Type type, F f) {
  switch (type) {
    case Type::f32:
      if constexpr (types & typeMask(Type::f32)) f(float{});
      break;
    case Type::f64:
      if constexpr (types & typeMask(Type::f64)) f(double{});
      break;
    case Type::i32:
      if constexpr (types & typeMask(Type::i32)) f(int32_t{});
      break;
    case Type::u32:
      if constexpr (types & typeMask(Type::u32)) f(uint32_t{});
      break;
    case Type::boolean:
      if constexpr (types & typeMask(Type::boolean)) f(uint8_t{});
      break;
  }
}

/// A thread's registers in shared memory, `pitch` apart, and the result of its last step.
template <class Word>
struct RegisterFile {
  Lanes<Word>* first;
  unsigned pitch;
  Lanes<Word> previous;

  __device__ Lanes<Word> read(uint32_t reg) const { return reg == previousResult ? previous : first[reg * pitch]; }
  __device__ void keep(uint32_t reg) {
    if (reg != notKept) first[reg * pitch] = previous;
  }
};

/// `coordinate(lane, dimension)` is an element's index. A constant step carries its bits in b and c.
template <class F, Arity arity, uint32_t allTypes, Result result, class Word, class Coordinate>
__device__ void applyStep(const Step& step, RegisterFile<Word>& file, Coordinate coordinate) {
  constexpr int count = Lanes<Word>::count;
  constexpr uint32_t types = allTypes & Lanes<Word>::types;
  const auto put = [&](int lane, auto value) {
    if constexpr (result == Result::boolean) file.previous.template set<uint8_t>(lane, value ? 1 : 0);
    else file.previous.set(lane, value);
  };
  if constexpr (arity == Arity::constant) {
    const uint64_t bits = uint64_t(step.b) | uint64_t(step.c) << 32;
    for (int lane = 0; lane < count; ++lane) file.previous.words[lane] = Word(bits);
  } else if constexpr (arity == Arity::iota) {
    withType<types>(step.type, [&](auto zero) {
      for (int lane = 0; lane < count; ++lane) put(lane, decltype(zero)(coordinate(lane, step.a)));
    });
  } else {
    const Lanes<Word> a = file.read(step.a);
    withType<types>(step.type, [&](auto zero) {
      using T = decltype(zero);
      if constexpr (arity == Arity::unary) {
#pragma unroll
        for (int lane = 0; lane < count; ++lane) put(lane, F::apply(a.template get<T>(lane)));
      } else if constexpr (arity == Arity::binary) {
        const Lanes<Word> b = file.read(step.b);
#pragma unroll
        for (int lane = 0; lane < count; ++lane) put(lane, F::apply(a.template get<T>(lane), b.template get<T>(lane)));
      } else if constexpr (arity == Arity::select) {
        const Lanes<Word> b = file.read(step.b), c = file.read(step.c);
#pragma unroll
        for (int lane = 0; lane < count; ++lane)
          put(lane, F::template apply<T>(a.template get<uint8_t>(lane) != 0, b.template get<T>(lane), c.template get<T>(lane)));
      } else {
        withType<types>(Type(step.b), [&](auto to) {
#pragma unroll
          for (int lane = 0; lane < count; ++lane) put(lane, F::template apply<decltype(to)>(a.template get<T>(lane)));
        });
      }
    });
  }
  file.keep(step.dst);
}

template <class Word, class Coordinate>
__device__ void runStep(const Step& step, RegisterFile<Word>& file, Coordinate coordinate) {
  switch (StepOp(step.opcode)) {
#define CREDENCE_CASE(name, Functor, arity, types, result) \
  case StepOp::Functor: return applyStep<Functor, Arity::arity, types, Result::result>(step, file, coordinate);
    CREDENCE_STEP_OPS(CREDENCE_CASE)
#undef CREDENCE_CASE
    default: return;
  }
}

}  // namespace credence::cuda
