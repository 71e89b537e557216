// One step of a cluster on one element, in the registers of a thread: a switch over the table of elementwise.hpp.
#pragma once

#include <credence/elementwise.hpp>
#include <credence/plan.hpp>

namespace credence::cuda {

/// Values of any element type, eight bytes each; a bool is a byte 0 or 1.
struct Registers {
  uint64_t values[registerMax];

  template <class T>
  CREDENCE_HD T get(uint32_t reg) const {
    T value;
    memcpy(&value, &values[reg], sizeof(T));
    return value;
  }
  template <class T>
  CREDENCE_HD void set(uint32_t reg, T value) {
    memcpy(&values[reg], &value, sizeof(T));
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

template <class F, Arity arity, uint32_t types, Result result>
CREDENCE_HD void applyStep(const Step& step, Registers& registers, const int64_t* index) {
  const auto put = [&](auto value) {
    if constexpr (result == Result::boolean) registers.set<uint8_t>(step.dst, value ? 1 : 0);
    else registers.set(step.dst, value);
  };
  if constexpr (arity == Arity::unary) {
    withType<types>(step.type, [&](auto zero) { put(F::apply(registers.get<decltype(zero)>(step.a))); });
  } else if constexpr (arity == Arity::binary) {
    withType<types>(step.type, [&](auto zero) {
      using T = decltype(zero);
      put(F::apply(registers.get<T>(step.a), registers.get<T>(step.b)));
    });
  } else if constexpr (arity == Arity::select) {
    withType<types>(step.type, [&](auto zero) {
      using T = decltype(zero);
      put(F::template apply<T>(registers.get<uint8_t>(step.a) != 0, registers.get<T>(step.b), registers.get<T>(step.c)));
    });
  } else if constexpr (arity == Arity::cast) {
    withType<types>(step.type, [&](auto from) {
      withType<types>(Type(step.b), [&](auto to) { put(F::template apply<decltype(to)>(registers.get<decltype(from)>(step.a))); });
    });
  } else if constexpr (arity == Arity::constant) {
    const double number = bitCast<double>(uint64_t(step.b) | uint64_t(step.c) << 32);
    withType<types>(step.type, [&](auto zero) { put(Cast::apply<decltype(zero)>(number)); });
  } else {
    withType<types>(step.type, [&](auto zero) { put(decltype(zero)(index[step.a])); });
  }
}

/// Executes one step of the element at `index`.
CREDENCE_HD_CALL void runStep(const Step& step, Registers& registers, const int64_t* index) {
  switch (StepOp(step.opcode)) {
#define CREDENCE_CASE(name, Functor, arity, types, result) \
  case StepOp::Functor: return applyStep<Functor, Arity::arity, types, Result::result>(step, registers, index);
    CREDENCE_STEP_OPS(CREDENCE_CASE)
#undef CREDENCE_CASE
    default: return;
  }
}

}  // namespace credence::cuda
