// What lets one body compile for a CPU scalar, a CPU vector register and a CUDA thread.
//
// A body is a template over T: float, double, or a GCC vector of them (`Vec<float, 16>`). It has no branches on data:
// comparisons give a `Mask<T>` (bool, or a vector of 0 / -1) and `select(mask, a, b)` chooses. C++17, since nvcc reads it.
//
// Everything with code lives in `namespace credence { inline namespace CREDENCE_ISA`: the same header compiled for several
// instruction sets gives distinct symbols, so the linker cannot hand AVX-512 code to a CPU without it.
#pragma once

#include <cstdint>
#include <cstring>
#include <type_traits>
#if defined(__x86_64__) && !defined(__CUDACC__)
#include <immintrin.h>
#endif

#ifndef CREDENCE_ISA
#define CREDENCE_ISA generic
#endif

#if defined(__CUDACC__)
#define CREDENCE_HD __host__ __device__ __forceinline__  // a body: always inlined
#define CREDENCE_HD_CALL inline __host__ __device__      // a long body that may stay a call
#else
#define CREDENCE_HD inline __attribute__((always_inline))
#define CREDENCE_HD_CALL inline
#endif

#if defined(__GNUC__) && !defined(__clang__) && !defined(__CUDACC__)
#pragma GCC diagnostic ignored "-Wpsabi"  // vectors are passed by value only between inlined functions
#endif

namespace credence {

// Element types, as numbered in the plan.
enum class Type : std::uint32_t { f32 = 0, f64 = 1, i32 = 2, u32 = 3, boolean = 4 };

constexpr int typeCount = 5;
constexpr std::uint32_t typeBytes[typeCount] = {4, 8, 4, 4, 1};

inline namespace CREDENCE_ISA {

#if defined(__AVX512F__)
constexpr int vectorBytes = 64;
#elif defined(__AVX2__)
constexpr int vectorBytes = 32;
#else
constexpr int vectorBytes = 16;
#endif

// ---- vector types -------------------------------------------------------------------------------------------------

namespace detail {
template <class T, int lanes>
struct VecOf {
  typedef T type __attribute__((vector_size(sizeof(T) * lanes)));
};
template <class T>
struct VecOf<T, 1> {
  using type = T;
};
template <class T>
struct Traits {  // a scalar
  using Scalar = T;
  using Int = std::conditional_t<sizeof(T) == 8, std::int64_t, std::conditional_t<sizeof(T) == 4, std::int32_t, std::int8_t>>;
  using Uint = std::make_unsigned_t<Int>;
  using Mask = bool;
  static constexpr int lanes = 1;
};
#if !defined(__CUDACC__)
template <class T>
using Element = std::remove_cv_t<std::remove_reference_t<decltype(std::declval<T&>()[0])>>;
template <class T>
struct VectorTraits {
  using Scalar = Element<T>;
  static constexpr int lanes = int(sizeof(T) / sizeof(Scalar));
  using Int = typename VecOf<typename Traits<Scalar>::Int, lanes>::type;
  using Uint = typename VecOf<typename Traits<Scalar>::Uint, lanes>::type;
  using Mask = Int;
};
template <class T>
struct TraitsOf : std::conditional_t<std::is_arithmetic_v<T>, Traits<std::conditional_t<std::is_arithmetic_v<T>, T, int>>,
                                     VectorTraits<std::conditional_t<std::is_arithmetic_v<T>, typename VecOf<int, 4>::type, T>>> {};
#else
template <class T>
struct TraitsOf : Traits<T> {};
#endif
}  // namespace detail

template <class T, int lanes>
using Vec = typename detail::VecOf<T, lanes>::type;
template <class T>
using ScalarOf = typename detail::TraitsOf<T>::Scalar;
template <class T>
using IntOf = typename detail::TraitsOf<T>::Int;  // the signed integer (vector) of T's width
template <class T>
using UintOf = typename detail::TraitsOf<T>::Uint;
template <class T>
using Mask = typename detail::TraitsOf<T>::Mask;
template <class T>
constexpr int lanesOf = detail::TraitsOf<T>::lanes;
template <class T>
constexpr bool isVector = lanesOf<T> > 1;
template <class T>
constexpr bool isSingle = std::is_same_v<ScalarOf<T>, float>;
template <class T>
constexpr bool isDouble = std::is_same_v<ScalarOf<T>, double>;
template <class T>
constexpr bool isFloating = isSingle<T> || isDouble<T>;
// S in as many lanes as T has.
template <class T, class S>
using LanesOf = Vec<S, lanesOf<T>>;
// As many lanes as one register of this instruction set holds.
template <class T>
constexpr int nativeLanes = vectorBytes / int(sizeof(T));
template <class T>
using NativeVec = Vec<T, nativeLanes<T>>;

// ---- the few operations that differ between a scalar and a vector ---------------------------------------------------

template <class To, class From>
CREDENCE_HD To bitCast(const From& from) {
  static_assert(sizeof(To) == sizeof(From), "bitCast: sizes differ");
  To to;
  memcpy(&to, &from, sizeof(To));
  return to;
}

template <class T>
CREDENCE_HD T broadcast(ScalarOf<T> value) {
  if constexpr (isVector<T>) {
    return value - T{};  // x - 0 keeps the sign of a zero
  } else {
    return value;
  }
}

// mask ? a : b, lane by lane. Both sides are always computed.
template <class T>
CREDENCE_HD T select(Mask<T> mask, T a, T b) {
  return mask ? a : b;
}
#if !defined(__CUDACC__)
template <class T, std::enable_if_t<isVector<T>, int> = 0>
CREDENCE_HD T select(Mask<T> mask, T a, ScalarOf<T> b) {
  return mask ? a : broadcast<T>(b);
}
template <class T, std::enable_if_t<isVector<T>, int> = 0>
CREDENCE_HD T select(Mask<T> mask, ScalarOf<T> a, T b) {
  return mask ? broadcast<T>(a) : b;
}
#endif

// a > b ? a : b, and a < b ? a : b: b where either is NaN. One instruction of a register on x86, which the compiler does not find by itself.
#if defined(__x86_64__) && !defined(__CUDACC__)
#if defined(__AVX512F__)
#define CREDENCE_REGISTER(name, suffix) _mm512_maskz_##name##_##suffix  // of all lanes: the form that GCC does not warn of
#define CREDENCE_ALL_LANES -1,
#elif defined(__AVX2__)
#define CREDENCE_REGISTER(name, suffix) _mm256_##name##_##suffix
#define CREDENCE_ALL_LANES
#else
#define CREDENCE_REGISTER(name, suffix) _mm_##name##_##suffix
#define CREDENCE_ALL_LANES
#endif
#define CREDENCE_BY_COMPARISON(function, name, comparison)                                                               \
  template <class T>                                                                                                     \
  CREDENCE_HD T function(T a, T b) {                                                                                     \
    if constexpr (isVector<T> && sizeof(T) == vectorBytes && isSingle<T>) return T(CREDENCE_REGISTER(name, ps)(CREDENCE_ALL_LANES a, b)); \
    else if constexpr (isVector<T> && sizeof(T) == vectorBytes && isDouble<T>) return T(CREDENCE_REGISTER(name, pd)(CREDENCE_ALL_LANES a, b)); \
    else return select(a comparison b, a, b);                                                                            \
  }
#else
#define CREDENCE_BY_COMPARISON(function, name, comparison)  \
  template <class T>                                        \
  CREDENCE_HD T function(T a, T b) {                        \
    return select(a comparison b, a, b);                    \
  }
#endif
CREDENCE_BY_COMPARISON(larger, max, >)
CREDENCE_BY_COMPARISON(smaller, min, <)
#undef CREDENCE_BY_COMPARISON
#undef CREDENCE_REGISTER
#undef CREDENCE_ALL_LANES

// Value conversion, lane by lane (float to integer truncates).
template <class To, class From>
CREDENCE_HD To convert(From from) {
  if constexpr (isVector<To>) {
#if !defined(__CUDACC__)
    return __builtin_convertvector(from, To);
#endif
  } else {
    return To(from);
  }
}

CREDENCE_HD bool any(bool mask) { return mask; }
CREDENCE_HD bool all(bool mask) { return mask; }
#if !defined(__CUDACC__)
template <class M, std::enable_if_t<isVector<M>, int> = 0>
CREDENCE_HD bool any(M mask) {
  ScalarOf<M> bits = 0;
  for (int i = 0; i < lanesOf<M>; ++i) bits |= mask[i];
  return bits != 0;
}
template <class M, std::enable_if_t<isVector<M>, int> = 0>
CREDENCE_HD bool all(M mask) {
  ScalarOf<M> bits = -1;
  for (int i = 0; i < lanesOf<M>; ++i) bits &= mask[i];
  return bits != 0;
}
#endif
CREDENCE_HD bool invert(bool mask) { return !mask; }
#if !defined(__CUDACC__)
template <class M, std::enable_if_t<isVector<M>, int> = 0>
CREDENCE_HD M invert(M mask) {
  return ~mask;
}
#endif

// One lane, read or written.
template <class T>
CREDENCE_HD auto laneOf(const T& value, int lane) {
  if constexpr (isVector<T>) {
    return value[lane];
  } else {
    (void)lane;
    return value;
  }
}
template <class T>
CREDENCE_HD void setLane(T& value, int lane, ScalarOf<T> to) {
  if constexpr (isVector<T>) {
    value[lane] = to;
  } else {
    (void)lane;
    value = to;
  }
}

// f(lane) for every lane: the way out for what no vector unit does (fmod, a rare slow path).
template <class T, class F>
CREDENCE_HD T perLane(T x, F f) {
  if constexpr (isVector<T>) {
    for (int i = 0; i < lanesOf<T>; ++i) x[i] = f(x[i]);
    return x;
  } else {
    return f(x);
  }
}
template <class T, class F>
CREDENCE_HD T perLane(T x, T y, F f) {
  if constexpr (isVector<T>) {
    for (int i = 0; i < lanesOf<T>; ++i) x[i] = f(x[i], y[i]);
    return x;
  } else {
    return f(x, y);
  }
}

// Unaligned loads and stores of a vector or a scalar.
template <class T>
CREDENCE_HD T load(const ScalarOf<T>* from) {
  T value;
  memcpy(&value, from, sizeof(T));
  return value;
}
template <class T>
CREDENCE_HD void store(ScalarOf<T>* to, T value) {
  memcpy(to, &value, sizeof(T));
}

// c0 + c1 x + c2 x^2 + ... by Horner's rule.
template <class T>
CREDENCE_HD T horner(T, double c0) {
  return broadcast<T>(ScalarOf<T>(c0));
}
template <class T, class... C>
CREDENCE_HD T horner(T x, double c0, C... c) {
  return horner(x, c...) * x + ScalarOf<T>(c0);
}

}  // namespace CREDENCE_ISA
}  // namespace credence
