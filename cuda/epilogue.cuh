// What a matrix product does to its results: adds the bias, applies a unary step, stores.
#pragma once

#include <credence/elementwise.hpp>

#include "kernels.hpp"
#include "launch.hpp"

namespace credence::cuda {

template <class F, Arity arity, uint32_t types, Result result, class T>
__device__ T activateAs(T x) {
  if constexpr (arity == Arity::unary && result == Result::same && (types & typeMask(isSingle<T> ? Type::f32 : Type::f64)) != 0) return F::apply(x);
  else return x;  // no step of one real number: the plan was checked
}

/// A unary step by its code. A call and not inlined: it holds every function there is.
template <class T>
__device__ __noinline__ T activate(uint32_t code, T x) {
  switch (StepOp(code)) {
#define CREDENCE_CASE(name, Functor, arity, types, result) \
  case StepOp::Functor: return activateAs<Functor, Arity::arity, (types), Result::result>(x);
    CREDENCE_STEP_OPS(CREDENCE_CASE)
#undef CREDENCE_CASE
    default: return x;
  }
}

template <class T>
struct Epilogue {
  T* c;
  const T* bias;
  int64_t rowStride;
  uint32_t activation;
  bool accumulate;

  __device__ Epilogue(const MatmulProgram& p, uint8_t* const* slots, int64_t batch)
      : c(reinterpret_cast<T*>(addressOf(p.c.place, slots)) + batch * p.c.batchStride),
        bias(p.hasBias ? reinterpret_cast<const T*>(addressOf(p.bias, slots)) : nullptr),
        rowStride(p.c.rowStride), activation(p.activation), accumulate(p.accumulate) {}

  __device__ void store(int64_t m, int64_t n, T value) const {
    T& to = c[m * rowStride + n];
    if (accumulate) value += to;
    if (bias) value += bias[n];
    to = activation ? activate(activation, value) : value;
  }
};

}  // namespace credence::cuda
