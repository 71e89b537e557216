// The elementwise operations of a cluster: one table row each, one functor each, for every backend.
//
// CREDENCE_STEP_OPS(X) calls X(name, Functor, arity, types, result) in the order of the codes, which start at 1.
//   arity   unary, binary, select, cast, constant, iota: the fields of a step that are read (see plan.hpp)
//   types   the operand types the operation is defined for, a mask of 1 << Type
//   result  same (the operand's type) or boolean
// A functor is applied to scalars or to vectors: `Functor::apply(x)`, `Functor::apply(a, b)`. One with a boolean result
// gives a Mask<T>; booleans themselves are stored as bytes 0 and 1 and enter functors as std::uint8_t (scalar or vector).
#pragma once

#include <credence/math.hpp>
#include <credence/portable.hpp>

namespace credence {

enum class Arity : std::uint8_t { unary, binary, select, cast, constant, iota };
enum class Result : std::uint8_t { same, boolean };

CREDENCE_HD constexpr std::uint32_t typeMask(Type type) { return 1u << std::uint32_t(type); }
constexpr std::uint32_t floating = typeMask(Type::f32) | typeMask(Type::f64);
constexpr std::uint32_t signedNumbers = floating | typeMask(Type::i32);
constexpr std::uint32_t numbers = signedNumbers | typeMask(Type::u32);
constexpr std::uint32_t booleans = typeMask(Type::boolean);
constexpr std::uint32_t integers = typeMask(Type::i32) | typeMask(Type::u32);
constexpr std::uint32_t unsignedIntegers = typeMask(Type::u32);
constexpr std::uint32_t anyType = numbers | booleans;

#define CREDENCE_STEP_OPS(X)                               \
  X(neg, Neg, unary, numbers, same)                        \
  X(abs, Abs, unary, signedNumbers, same)                  \
  X(sign, Sign, unary, signedNumbers, same)                \
  X(floor, Floor, unary, floating, same)                   \
  X(ceil, Ceil, unary, floating, same)                     \
  X(round, Round, unary, floating, same)                   \
  X(exp, Exp, unary, floating, same)                       \
  X(expm1, Expm1, unary, floating, same)                   \
  X(log, Log, unary, floating, same)                       \
  X(log1p, Log1p, unary, floating, same)                   \
  X(sqrt, Sqrt, unary, floating, same)                     \
  X(sin, Sin, unary, floating, same)                       \
  X(cos, Cos, unary, floating, same)                       \
  X(tanh, Tanh, unary, floating, same)                     \
  X(sigmoid, Sigmoid, unary, floating, same)               \
  X(softplus, Softplus, unary, floating, same)             \
  X(relu, Relu, unary, signedNumbers, same)                \
  X(erf, Erf, unary, floating, same)                       \
  X(erfinv, Erfinv, unary, floating, same)                 \
  X(lgamma, Lgamma, unary, floating, same)                 \
  X(digamma, Digamma, unary, floating, same)               \
  X(trigamma, Trigamma, unary, floating, same)             \
  X(reciprocal, Reciprocal, unary, floating, same)         \
  X(square, Square, unary, numbers, same)                  \
  X(isFinite, IsFinite, unary, floating, boolean)          \
  X(logicalNot, LogicalNot, unary, booleans, same)         \
  X(add, Add, binary, numbers, same)                       \
  X(sub, Sub, binary, numbers, same)                       \
  X(mul, Mul, binary, numbers, same)                       \
  X(div, Div, binary, numbers, same)                       \
  X(rem, Rem, binary, numbers, same)                       \
  X(pow, Pow, binary, floating, same)                      \
  X(polygamma, Polygamma, binary, floating, same)          \
  X(max, Max, binary, numbers, same)                       \
  X(min, Min, binary, numbers, same)                       \
  X(lt, Lt, binary, numbers, boolean)                      \
  X(le, Le, binary, numbers, boolean)                      \
  X(eq, Eq, binary, anyType, boolean)                      \
  X(ne, Ne, binary, anyType, boolean)                      \
  X(and, And, binary, integers | booleans, same)           \
  X(or, Or, binary, integers | booleans, same)             \
  X(xor, Xor, binary, integers | booleans, same)           \
  X(shiftLeft, ShiftLeft, binary, unsignedIntegers, same)  \
  X(shiftRight, ShiftRight, binary, unsignedIntegers, same) \
  X(where, Where, select, anyType, same)                   \
  X(cast, Cast, cast, anyType, same)                       \
  X(constant, Constant, constant, anyType, same)           \
  X(iota, Iota, iota, numbers, same)                       \
  X(whenPositive, WhenPositive, binary, signedNumbers, same)

// StepOp::Tanh and so on; 0 means "none".
enum class StepOp : std::uint32_t {
  none = 0,
#define CREDENCE_ENUMERATOR(name, Functor, arity, types, result) Functor,
  CREDENCE_STEP_OPS(CREDENCE_ENUMERATOR)
#undef CREDENCE_ENUMERATOR
  end
};

struct StepOpRow {
  const char* name;
  Arity arity;
  std::uint32_t types;
  Result result;
};

// stepOps[code - 1] describes `code`.
constexpr StepOpRow stepOps[] = {
#define CREDENCE_ROW(name, Functor, arity, types, result) {#name, Arity::arity, types, Result::result},
    CREDENCE_STEP_OPS(CREDENCE_ROW)
#undef CREDENCE_ROW
};
constexpr int stepOpCount = int(StepOp::end) - 1;

inline namespace CREDENCE_ISA {

namespace detail {
// Integers wrap: signed arithmetic goes through the unsigned type, where overflow is defined.
template <class T, class F>
CREDENCE_HD T wrapping(T a, T b, F f) {
  if constexpr (isFloating<T>) {
    return f(a, b);
  } else {
    using U = UintOf<T>;
    return bitCast<T>(U(f(bitCast<U>(a), bitCast<U>(b))));
  }
}
}  // namespace detail

// ---- unary --------------------------------------------------------------------------------------------------------

struct Neg {
  template <class T>
  CREDENCE_HD static T apply(T x) {
    if constexpr (isFloating<T>) return -x;
    else return detail::wrapping(T{}, x, [](auto a, auto b) { return a - b; });
  }
};

struct Abs {  // |INT_MIN| wraps to INT_MIN
  template <class T>
  CREDENCE_HD static T apply(T x) {
    if constexpr (isFloating<T>) return math::abs(x);
    else return select(x < T{}, Neg::apply(x), x);
  }
};

struct Sign {  // -1, 0 or 1; NaN and the sign of a zero are kept
  template <class T>
  CREDENCE_HD static T apply(T x) {
    const T one = broadcast<T>(1), minusOne = broadcast<T>(-1);
    return select(x > T{}, one, select(x < T{}, minusOne, x));
  }
};

struct Square {
  template <class T>
  CREDENCE_HD static T apply(T x) {
    return detail::wrapping(x, x, [](auto a, auto b) { return a * b; });
  }
};

struct Relu {  // max(x, 0); NaN stays NaN
  template <class T>
  CREDENCE_HD static T apply(T x) {
    return select(x <= T{}, T{}, x);
  }
};

struct Reciprocal {
  template <class T>
  CREDENCE_HD static T apply(T x) {
    return ScalarOf<T>(1) / x;
  }
};

struct IsFinite {
  template <class T>
  CREDENCE_HD static Mask<T> apply(T x) {
    return x - x == T{};  // inf - inf and NaN - NaN are NaN
  }
};

struct LogicalNot {
  template <class T>
  CREDENCE_HD static T apply(T x) {
    return T(x ^ ScalarOf<T>(1));
  }
};

#define CREDENCE_MATH_FUNCTOR(Functor, function) \
  struct Functor {                               \
    template <class T>                           \
    CREDENCE_HD static T apply(T x) {            \
      return math::function(x);                  \
    }                                            \
  };
CREDENCE_MATH_FUNCTOR(Floor, floor)
CREDENCE_MATH_FUNCTOR(Ceil, ceil)
CREDENCE_MATH_FUNCTOR(Round, round)
CREDENCE_MATH_FUNCTOR(Exp, exp)
CREDENCE_MATH_FUNCTOR(Expm1, expm1)
CREDENCE_MATH_FUNCTOR(Log, log)
CREDENCE_MATH_FUNCTOR(Log1p, log1p)
CREDENCE_MATH_FUNCTOR(Sqrt, sqrt)
CREDENCE_MATH_FUNCTOR(Sin, sin)
CREDENCE_MATH_FUNCTOR(Cos, cos)
CREDENCE_MATH_FUNCTOR(Tanh, tanh)
CREDENCE_MATH_FUNCTOR(Sigmoid, sigmoid)
CREDENCE_MATH_FUNCTOR(Softplus, softplus)
CREDENCE_MATH_FUNCTOR(Erf, erf)
CREDENCE_MATH_FUNCTOR(Erfinv, erfinv)
CREDENCE_MATH_FUNCTOR(Lgamma, lgamma)
CREDENCE_MATH_FUNCTOR(Digamma, digamma)
CREDENCE_MATH_FUNCTOR(Trigamma, trigamma)
#undef CREDENCE_MATH_FUNCTOR

// ---- binary -------------------------------------------------------------------------------------------------------

struct Add {
  template <class T>
  CREDENCE_HD static T apply(T a, T b) {
    return detail::wrapping(a, b, [](auto p, auto q) { return p + q; });
  }
};

struct Sub {
  template <class T>
  CREDENCE_HD static T apply(T a, T b) {
    return detail::wrapping(a, b, [](auto p, auto q) { return p - q; });
  }
};

struct Mul {
  template <class T>
  CREDENCE_HD static T apply(T a, T b) {
    return detail::wrapping(a, b, [](auto p, auto q) { return p * q; });
  }
};

struct Div {  // integers truncate; x / 0 has all bits set; INT_MIN / -1 = INT_MIN. No trap.
  template <class T>
  CREDENCE_HD static T apply(T a, T b) {
    if constexpr (isFloating<T>) {
      return a / b;
    } else {
      using S = ScalarOf<T>;
      return perLane(a, b, [](S p, S q) -> S {
        if (q == 0) return S(-1);
        if (std::is_signed_v<S> && q == S(-1)) return Neg::apply(p);
        return p / q;
      });
    }
  }
};

struct Rem {  // the remainder of truncated division, with the sign of a (C's fmod and %); integers: x rem 0 = x. No trap.
  template <class T>
  CREDENCE_HD static T apply(T a, T b) {
    using S = ScalarOf<T>;
    if constexpr (isFloating<T>) {
      return perLane(a, b, [](S p, S q) -> S { return math::scalarFmod(p, q); });
    } else {
      return perLane(a, b, [](S p, S q) -> S {
        if (q == 0) return p;
        if (std::is_signed_v<S> && q == S(-1)) return 0;
        return p % q;
      });
    }
  }
};

struct Pow {
  template <class T>
  CREDENCE_HD static T apply(T a, T b) {
    return math::pow(a, b);
  }
};

struct Polygamma {  // a: the order, b: the argument
  template <class T>
  CREDENCE_HD static T apply(T a, T b) {
    return math::polygamma(a, b);
  }
};

struct Max {  // NaN if either is NaN
  template <class T>
  CREDENCE_HD static T apply(T a, T b) {
    if constexpr (isFloating<T>) return select(b != b, b, larger(b, a));
    else return select(a > b, a, b);
  }
};

struct WhenPositive {  // b where a > 0, else 0
  template <class T>
  CREDENCE_HD static T apply(T a, T b) {
    return select(a > T{}, b, T{});
  }
};

struct Min {  // NaN if either is NaN
  template <class T>
  CREDENCE_HD static T apply(T a, T b) {
    if constexpr (isFloating<T>) return select(b != b, b, smaller(b, a));
    else return select(a < b, a, b);
  }
};

struct Lt {
  template <class T>
  CREDENCE_HD static Mask<T> apply(T a, T b) {
    return a < b;
  }
};

struct Le {
  template <class T>
  CREDENCE_HD static Mask<T> apply(T a, T b) {
    return a <= b;
  }
};

struct Eq {
  template <class T>
  CREDENCE_HD static Mask<T> apply(T a, T b) {
    return a == b;
  }
};

struct Ne {
  template <class T>
  CREDENCE_HD static Mask<T> apply(T a, T b) {
    return a != b;
  }
};

struct And {  // bitwise; on booleans (bytes 0, 1) logical
  template <class T>
  CREDENCE_HD static T apply(T a, T b) {
    return T(a & b);
  }
};

struct Or {
  template <class T>
  CREDENCE_HD static T apply(T a, T b) {
    return T(a | b);
  }
};

struct Xor {
  template <class T>
  CREDENCE_HD static T apply(T a, T b) {
    return T(a ^ b);
  }
};

struct ShiftLeft {  // 0 for shifts of 32 and more
  template <class T>
  CREDENCE_HD static T apply(T a, T b) {
    return select(b < ScalarOf<T>(32), T(a << (b & ScalarOf<T>(31))), T{});
  }
};

struct ShiftRight {  // logical; 0 for shifts of 32 and more
  template <class T>
  CREDENCE_HD static T apply(T a, T b) {
    return select(b < ScalarOf<T>(32), T(a >> (b & ScalarOf<T>(31))), T{});
  }
};

// ---- the rest -----------------------------------------------------------------------------------------------------

struct Where {  // mask ? a : b
  template <class T>
  CREDENCE_HD static T apply(Mask<T> mask, T a, T b) {
    return select(mask, a, b);
  }
};

// Value conversion of one element. To bool: x != 0 (NaN is true). Float to integer truncates and saturates, NaN gives 0,
// so that every input has one answer on every device. Booleans are std::uint8_t 0 and 1.
struct Cast {
  template <class To, class From>
  CREDENCE_HD static To apply(From x) {
    if constexpr (std::is_same_v<To, std::uint8_t>) {
      return To(x != From(0));
    } else if constexpr (std::is_floating_point_v<From> && std::is_integral_v<To>) {
      constexpr double lowest = std::is_signed_v<To> ? -2147483648.0 : 0.0;
      constexpr double highest = std::is_signed_v<To> ? 2147483647.0 : 4294967295.0;
      const double wide = double(x);
      if (!(wide == wide)) return To(0);
      return wide <= lowest ? To(lowest) : wide >= highest ? To(highest) : To(wide);
    } else {
      return To(x);
    }
  }
};

struct Constant {};  // the loops splat the immediate: Cast::apply<T>(double)
struct Iota {};      // the loops count

}  // namespace CREDENCE_ISA
}  // namespace credence
