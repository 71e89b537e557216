// exp, log, tanh and their kin for scalars and vectors alike: no tables, no data-dependent branches (but for huge sines).
// Each reduces its argument exactly, then evaluates a minimax polynomial; error bounds are those seen by math_test.cpp
// over the whole range: at most 2 ulp for exp, expm1, log, log1p, 2.5 for sin, cos and 4 for tanh, sigmoid, softplus.
//
// One file although it is long: each function is a few lines that stand on the same anatomy of a float, and on those before it.
#pragma once

#include <credence/portable.hpp>
#include <math.h>

#if defined(__AVX512F__)
#include <immintrin.h>
#endif

namespace credence {
inline namespace CREDENCE_ISA {
namespace math {

// ---- the anatomy of a float ---------------------------------------------------------------------------------------

template <class S>
struct Format;
template <>
struct Format<float> {
  static constexpr int mantissaBits = 23, exponentBias = 127;
  static constexpr float roundingShift = 12582912.0f;  // 1.5 * 2^23: adding it leaves an integer in the low bits
  static constexpr float ln2High = 0.693145751953125f, ln2Low = 1.42860682030941723e-6f;  // k * ln2High is exact
  static constexpr float leastNormal = 1.17549435e-38f, subnormalScale = 33554432.0f;     // 2^25
  static constexpr int subnormalBits = 25;
  static constexpr float infinity = __builtin_huge_valf();
};
template <>
struct Format<double> {
  static constexpr int mantissaBits = 52, exponentBias = 1023;
  static constexpr double roundingShift = 6755399441055744.0;  // 1.5 * 2^52
  static constexpr double ln2High = 6.93147180369123816490e-01, ln2Low = 1.90821492927058770002e-10;
  static constexpr double leastNormal = 2.2250738585072014e-308, subnormalScale = 18014398509481984.0;  // 2^54
  static constexpr int subnormalBits = 54;
  static constexpr double infinity = __builtin_huge_val();
};
template <class T>
using FormatOf = Format<ScalarOf<T>>;

template <class T>
CREDENCE_HD T infinity() {
  return broadcast<T>(FormatOf<T>::infinity);
}
template <class T>
CREDENCE_HD T notANumber() {
  return broadcast<T>(ScalarOf<T>(__builtin_nan("")));
}

template <class T>
constexpr ScalarOf<UintOf<T>> signBit = ScalarOf<UintOf<T>>(1) << (8 * sizeof(ScalarOf<T>) - 1);

template <class T>
CREDENCE_HD T abs(T x) {
  using U = UintOf<T>;
  return bitCast<T>(U(bitCast<U>(x) & ~signBit<T>));
}

// |a| with the sign of x.
template <class T>
CREDENCE_HD T copySign(T a, T x) {
  using U = UintOf<T>;
  return bitCast<T>(U((bitCast<U>(a) & ~signBit<T>) | (bitCast<U>(x) & signBit<T>)));
}

// Nearest integer, |x| < 2^22 (f32) or 2^51 (f64).
template <class T>
CREDENCE_HD T roundSmall(T x) {
  return (x + FormatOf<T>::roundingShift) - FormatOf<T>::roundingShift;
}

// 2^k for an integral k whose power is a normal number.
template <class T>
CREDENCE_HD T powerOfTwo(T k) {
  using F = FormatOf<T>;
  using U = UintOf<T>;
  return bitCast<T>(U(bitCast<U>(T(k + (F::roundingShift + ScalarOf<T>(F::exponentBias)))) << F::mantissaBits));
}

// x 2^k for an integral k, in two factors: a subnormal result is reached without overflow.
template <class T>
CREDENCE_HD T scaleByPowerOfTwo(T x, T k) {
#if defined(__AVX512F__)
  if constexpr (sizeof(T) == 64) {
    if constexpr (isSingle<T>) return T(_mm512_maskz_scalef_ps(0xffff, __m512(x), __m512(k)));
    else return T(_mm512_maskz_scalef_pd(0xff, __m512d(x), __m512d(k)));
  }
#endif
  const T half = roundSmall<T>(k * ScalarOf<T>(0.5));
  return x * powerOfTwo<T>(half) * powerOfTwo<T>(k - half);
}

// a / b for b in [1, 2^100] and |a| <= 2^100, to an ulp: where a division takes long, a guess that is corrected once.
template <class T>
CREDENCE_HD T quotient(T a, T b) {
#if defined(__AVX512F__)
  if constexpr (sizeof(T) == 64 && isSingle<T>) {
    const __m512 guess = _mm512_maskz_rcp14_ps(0xffff, __m512(b)), first = _mm512_mul_ps(__m512(a), guess);
    return T(_mm512_fmadd_ps(_mm512_fnmadd_ps(first, __m512(b), __m512(a)), guess, first));
  }
#endif
  return a / b;
}

// ---- rounding and roots, one instruction each ------------------------------------------------------------------------

CREDENCE_HD float scalarFloor(float x) { return ::floorf(x); }
CREDENCE_HD double scalarFloor(double x) { return ::floor(x); }
CREDENCE_HD float scalarCeil(float x) { return ::ceilf(x); }
CREDENCE_HD double scalarCeil(double x) { return ::ceil(x); }
CREDENCE_HD float scalarRint(float x) { return ::rintf(x); }
CREDENCE_HD double scalarRint(double x) { return ::rint(x); }
CREDENCE_HD float scalarSqrt(float x) { return ::sqrtf(x); }
CREDENCE_HD double scalarSqrt(double x) { return ::sqrt(x); }
CREDENCE_HD float scalarFmod(float x, float y) { return ::fmodf(x, y); }
CREDENCE_HD double scalarFmod(double x, double y) { return ::fmod(x, y); }

template <class T>
CREDENCE_HD T floor(T x) {
  return perLane(x, [](ScalarOf<T> v) { return scalarFloor(v); });
}
template <class T>
CREDENCE_HD T ceil(T x) {
  return perLane(x, [](ScalarOf<T> v) { return scalarCeil(v); });
}
template <class T>
CREDENCE_HD T round(T x) {  // ties to even, as NumPy
  return perLane(x, [](ScalarOf<T> v) { return scalarRint(v); });
}
template <class T>
CREDENCE_HD T sqrt(T x) {
  return perLane(x, [](ScalarOf<T> v) { return scalarSqrt(v); });
}

// ---- exponentials ---------------------------------------------------------------------------------------------------

// x = k ln 2 + r with |r| <= ln(2)/2.
template <class T>
struct ExponentSplit {
  T k, r;
};
template <class T>
CREDENCE_HD ExponentSplit<T> splitExponent(T x) {
  using F = FormatOf<T>;
  const T k = roundSmall<T>(x * ScalarOf<T>(1.4426950408889634074));
  return {k, (x - k * F::ln2High) - k * F::ln2Low};
}

// e^r - 1 for |r| <= ln(2)/2.
template <class T>
CREDENCE_HD T expm1Reduced(T r) {
  T tail;
  if constexpr (isSingle<T>) {
    tail = horner(r, 0.166666672, 0.0416664816, 0.00833328255, 0.00139333587, 0.000199097325);
  } else {
    tail = horner(r, 0.16666666666666677, 0.041666666666666692, 0.0083333333333220627, 0.0013888888888870579,
                  0.0001984126988525034, 2.4801587355333134e-05, 2.7557244928342292e-06, 2.7557246164583362e-07,
                  2.5108831262644045e-08, 2.0923601911254336e-09);
  }
  return r + r * r * (ScalarOf<T>(0.5) + r * tail);
}

// min(x, high); NaN stays NaN.
template <class T>
CREDENCE_HD T atMost(T x, ScalarOf<T> high) {
#if defined(__AVX512F__)
  if constexpr (sizeof(T) == 64) {
    if constexpr (isSingle<T>) return T(_mm512_maskz_min_ps(0xffff, __m512(broadcast<T>(high)), __m512(x)));
    else return T(_mm512_maskz_min_pd(0xff, __m512d(broadcast<T>(high)), __m512d(x)));
  }
#endif
  return select(x > high, broadcast<T>(high), x);
}
template <class T>
CREDENCE_HD T atLeast(T x, ScalarOf<T> low) {
#if defined(__AVX512F__)
  if constexpr (sizeof(T) == 64) {
    if constexpr (isSingle<T>) return T(_mm512_maskz_max_ps(0xffff, __m512(broadcast<T>(low)), __m512(x)));
    else return T(_mm512_maskz_max_pd(0xff, __m512d(broadcast<T>(low)), __m512d(x)));
  }
#endif
  return select(x < low, broadcast<T>(low), x);
}
template <class T>
CREDENCE_HD T clamp(T x, ScalarOf<T> low, ScalarOf<T> high) {
  return atMost<T>(atLeast<T>(x, low), high);
}

template <class T>
CREDENCE_HD T exp(T x) {
  using S = ScalarOf<T>;
  x = clamp<T>(x, isSingle<T> ? S(-104.5) : S(-746), isSingle<T> ? S(89) : S(710));
  const auto [k, r] = splitExponent(x);
  return scaleByPowerOfTwo<T>(S(1) + expm1Reduced(r), k);
}

// (e^x - 1) / 2 = 2^(k-1) (e^r - 1) + (2^(k-1) - 1/2), for x above -40; half, since 2^1024 overflows where e^x does not.
template <class T>
CREDENCE_HD T halfExpm1(T x) {
  using S = ScalarOf<T>;
  const auto [k, r] = splitExponent(x);
  const T power = powerOfTwo<T>(k - S(1));
  return expm1Reduced(r) * power + (power - S(0.5));
}

template <class T>
CREDENCE_HD T expm1(T x) {
  using S = ScalarOf<T>;
  return S(2) * halfExpm1<T>(clamp<T>(x, isSingle<T> ? S(-20) : S(-40), isSingle<T> ? S(89) : S(710)));
}

// ---- logarithms -----------------------------------------------------------------------------------------------------

// x = 2^k (1 + f), sqrt(1/2) <= 1 + f < sqrt(2), for a normal positive x.
template <class T>
struct LogSplit {
  T k, f;
};
template <class T>
CREDENCE_HD LogSplit<T> splitLog(T x) {
  using F = FormatOf<T>;
  using U = UintOf<T>;
  using W = ScalarOf<U>;
  const W sqrtHalf = bitCast<W>(ScalarOf<T>(0.70710678118654752440));
  const W bias = W(F::exponentBias) << F::mantissaBits;  // keeps the shift below logical
  const U distance = bitCast<U>(x) - sqrtHalf + bias;
  const ScalarOf<T> shift = F::roundingShift;
  const W magic = bitCast<W>(shift);
  const T k = bitCast<T>(U((distance >> F::mantissaBits) + magic)) - (F::roundingShift + ScalarOf<T>(F::exponentBias));
  const T m = bitCast<T>(U((distance & ((W(1) << F::mantissaBits) - 1)) + sqrtHalf));
  return {k, m - ScalarOf<T>(1)};
}

// log(1 + f) + k ln 2 + correction:  with s = f / (2 + f), log(1 + f) = 2 atanh(s) = f - (f^2/2 - s (f^2/2 + R(s^2))).
template <class T>
CREDENCE_HD T combineLog(T k, T f, T correction) {
  using F = FormatOf<T>;
  using S = ScalarOf<T>;
  const T s = f / (S(2) + f), z = s * s;
  T series;
  if constexpr (isSingle<T>) {
    series = horner(z, 0.666666627, 0.400003314, 0.285374254, 0.235805228);
  } else {
    series = horner(z, 0.66666666666666663, 0.40000000000005964, 0.28571428569153867, 0.22222222638711953,
                    0.18181776192304921, 0.15387071600811528, 0.1325048282445431, 0.1324849857649503);
  }
  const T halfSquare = S(0.5) * f * f;
  return k * F::ln2High - ((halfSquare - (s * (halfSquare + z * series) + (k * F::ln2Low + correction))) - f);
}

template <class T>
CREDENCE_HD T log(T x) {
  using F = FormatOf<T>;
  using S = ScalarOf<T>;
  const Mask<T> subnormal = x < F::leastNormal;
  const auto [k, f] = splitLog<T>(select(subnormal, T(x * F::subnormalScale), x));
  const T y = combineLog<T>(select(subnormal, T(k - S(F::subnormalBits)), k), f, T{});
  const T outside = select(x == S(0), T(-infinity<T>()), notANumber<T>());
  return select(x == F::infinity, x, select(x > S(0), y, outside));
}

// log(1 + x): with u = fl(1 + x), log u + (x - (u - 1)) / u
template <class T>
CREDENCE_HD T log1p(T x) {
  using S = ScalarOf<T>;
  const T u = x + S(1);
  const auto [k, f] = splitLog(u);
  const T y = combineLog<T>(k, f, (x - (u - S(1))) / u);
  const T outside = select(x == S(-1), T(-infinity<T>()), notANumber<T>());
  return select(x == FormatOf<T>::infinity, x, select(x > S(-1), y, outside));
}

// ---- sigmoids -------------------------------------------------------------------------------------------------------

// tanh |x| = e / (e + 1), e = expm1(2 |x|) / 2
template <class T>
CREDENCE_HD T tanh(T x) {
  using S = ScalarOf<T>;
  using U = UintOf<T>;
  const T e = halfExpm1<T>(atMost<T>(S(2) * abs(x), S(44)));
  const T y = quotient<T>(e, e + S(1));  // not negative: it takes the sign as it is
  return bitCast<T>(U(bitCast<U>(y) | (bitCast<U>(x) & signBit<T>)));
}

// 1 / (1 + e^-x), from e^-|x| so that nothing overflows
template <class T>
CREDENCE_HD T sigmoid(T x) {
  using S = ScalarOf<T>;
  const T e = exp<T>(-abs(x));
  return quotient<T>(select(x < S(0), e, broadcast<T>(S(1))), S(1) + e);
}

// log(1 + e^x) = max(x, 0) + log1p(e^-|x|)
template <class T>
CREDENCE_HD T softplus(T x) {
  using S = ScalarOf<T>;
  return select(x < S(0), T{}, x) + log1p<T>(exp<T>(-abs(x)));
}

// ---- sine and cosine --------------------------------------------------------------------------------------------------

// sin r and cos r for |r| <= pi/4.
template <class T>
CREDENCE_HD T sinReduced(T r) {
  const T z = r * r;
  T series;
  if constexpr (isSingle<T>) {
    series = horner(z, -0.166666672, 0.00833332911, -0.000198393318, 2.71827548e-06);
  } else {
    series = horner(z, -0.16666666666666666, 0.0083333333333333228, -0.00019841269841255177, 2.7557319214230343e-06,
                    -2.5052104918830439e-08, 1.6058367242729429e-10, -7.5787162420094849e-13);
  }
  return r + r * z * series;
}
template <class T>
CREDENCE_HD T cosReduced(T r) {
  using S = ScalarOf<T>;
  const T z = r * r;
  T series;
  if constexpr (isSingle<T>) {
    series = horner(z, 0.0416666679, -0.00138888834, 2.4799534e-05, -2.72111237e-07);
  } else {
    series = horner(z, 0.041666666666666664, -0.0013888888888888879, 2.4801587301574803e-05, -2.7557319216606066e-07,
                    2.0876754610738012e-09, -1.1470318117993886e-11, 4.7391242047509127e-14);
  }
  const T half = S(0.5) * z, w = S(1) - half;
  return w + (((S(1) - w) - half) + z * z * series);
}

// sin(r + quadrant pi/2), cos(r + quadrant pi/2); `shifted` is quadrant + roundingShift, its low bits the quadrant.
template <class T>
struct SinCos {
  T sin, cos;
};
template <class T>
CREDENCE_HD SinCos<T> turn(T r, T shifted) {
  using U = UintOf<T>;
  using W = ScalarOf<U>;
  const U q = bitCast<U>(shifted);
  const int top = 8 * sizeof(W) - 2;
  const T s = sinReduced(r), c = cosReduced(r);
  const Mask<T> swap = (q & W(1)) != W(0);
  const U signSin = (q & W(2)) << top, signCos = ((q + W(1)) & W(2)) << top;
  return {bitCast<T>(U(bitCast<U>(select(swap, c, s)) ^ signSin)), bitCast<T>(U(bitCast<U>(select(swap, s, c)) ^ signCos))};
}

// x = q pi/2 + r by subtracting q times pieces of pi/2 short enough for exact products, |x| <= sinCosLimit.
template <class T>
constexpr ScalarOf<T> sinCosLimit = isSingle<T> ? ScalarOf<T>(8192) : ScalarOf<T>(1 << 20);

template <class T>
CREDENCE_HD SinCos<T> sinCosModerate(T x) {
  using F = FormatOf<T>;
  using S = ScalarOf<T>;
  const T shifted = x * S(0.63661977236758134308) + F::roundingShift;
  const T q = shifted - F::roundingShift;
  T r;
  if constexpr (isSingle<T>) {
    r = (((x - q * 1.57031250f) - q * 4.83751297e-4f) - q * 7.54953362e-8f) - q * 2.56334407e-12f;
  } else {
    r = ((x - q * 1.57079632673412561417e+00) - q * 6.07710050630396597660e-11) - q * 2.02226624879595063154e-21;
  }
  return turn(r, shifted);
}

// Larger arguments, rare, go lane by lane through the C library.
template <class T>
CREDENCE_HD T sin(T x) {
  const T y = sinCosModerate(x).sin;
  if (all(abs(x) <= sinCosLimit<T>)) return y;
  return perLane(x, [](ScalarOf<T> v) { return ScalarOf<T>(::sin(double(v))); });
}
template <class T>
CREDENCE_HD T cos(T x) {
  const T y = sinCosModerate(x).cos;
  if (all(abs(x) <= sinCosLimit<T>)) return y;
  return perLane(x, [](ScalarOf<T> v) { return ScalarOf<T>(::cos(double(v))); });
}

// sin(2 pi u), cos(2 pi u) for 0 <= u <= 1.
template <class T>
CREDENCE_HD SinCos<T> sinCosTurns(T u) {
  using F = FormatOf<T>;
  using S = ScalarOf<T>;
  const T shifted = u * S(4) + F::roundingShift;
  return turn<T>((u * S(4) - (shifted - F::roundingShift)) * S(1.57079632679489661923), shifted);
}

// ---- arctangent ---------------------------------------------------------------------------------------------------------

// atan(p / q), in [-pi/2, pi/2], with one division; 0 where q = 0, the mean of both sides. With u = min / max of the magnitudes,
// atan u = pi/4 + atan((u - 1) / (u + 1)) from tan(pi/8) on. f64 only, 3 ulp.
template <class T>
CREDENCE_HD T atanOfQuotient(T p, T q) {
  static_assert(isDouble<T>, "atanOfQuotient has a polynomial for double precision");
  using U = UintOf<T>;
  const T a = abs(p), b = abs(q);
  const Mask<T> steep = a > b;
  const T low = select(steep, b, a), high = select(steep, a, b);
  const Mask<T> upper = low > high * 0.41421356237309504880;
  const T t = select(upper, T(low - high), low) / select(upper, T(low + high), high), z = t * t;
  const T series = horner(z, -0.333333333333332, 0.1999999999995404, -0.14285714280244102, 0.11111110785907088, -0.09090897829549298,
                          0.07692061510135187, -0.06663118896320909, 0.05847997795638855, -0.05039794160907481, 0.03807698675005368,
                          -0.017920787745480633);
  const T small = t + t * z * series, angle = select(upper, T(small + 0.78539816339744830962), small);
  const T y = select(steep, T(1.57079632679489661923 - angle), angle);
  const T signedY = bitCast<T>(U(bitCast<U>(y) ^ ((bitCast<U>(p) ^ bitCast<U>(q)) & signBit<T>)));
  return select(q == 0.0, T{}, signedY);
}

// ---- powers -----------------------------------------------------------------------------------------------------------

// An unevaluated sum, high + low, of two doubles.
template <class T>
struct Twofold {
  T high, low;
};

// a b exactly. With a fused multiply-add the error is one instruction (and no compiler can fuse the product away, as it may
// in Dekker's form); without, the factors are split at 26 bits.
template <class T>
CREDENCE_HD Twofold<T> multiplyExactly(T a, T b) {
  const T product = a * b;
#if defined(__CUDA_ARCH__) || defined(__FMA__) || defined(__ARM_FEATURE_FMA)
  if constexpr (isVector<T>) {
    T low{};
    for (int lane = 0; lane < lanesOf<T>; ++lane) setLane(low, lane, ::fma(laneOf(a, lane), laneOf(b, lane), -laneOf(product, lane)));
    return {product, low};
  } else {
    return {product, ::fma(a, b, -product)};
  }
#else
  using U = UintOf<T>;
  const ScalarOf<U> mask = ~((ScalarOf<U>(1) << 27) - 1);
  const T aHigh = bitCast<T>(U(bitCast<U>(a) & mask)), aLow = a - aHigh;
  const T bHigh = bitCast<T>(U(bitCast<U>(b) & mask)), bLow = b - bHigh;
  return {product, (((aHigh * bHigh - product) + aHigh * bLow) + aLow * bHigh) + aLow * bLow};
#endif
}

// a + b exactly.
template <class T>
CREDENCE_HD Twofold<T> addExactly(T a, T b) {
  const T sum = a + b, t = sum - a;
  return {sum, (a - (sum - t)) + (b - t)};
}

// log x = k ln 2 + 2 s + (2/3) s^3 + ..., s = f / (2 + f), to about 2^-66 relative, x positive and finite.
template <class T>
CREDENCE_HD Twofold<T> logTwofold(T x) {
  const Mask<T> subnormal = x < Format<double>::leastNormal;
  const auto [scaledK, f] = splitLog<T>(select(subnormal, T(x * Format<double>::subnormalScale), x));
  const T k = select(subnormal, T(scaledK - 54.0), scaledK);
  const auto [d, dLow] = addExactly<T>(broadcast<T>(2.0), f);
  const T s = f / d;
  const auto [p, pLow] = multiplyExactly<T>(s, d);
  const T sLow = (((f - p) - pLow) - s * dLow) / d;
  const auto [z, zLow] = multiplyExactly<T>(s, s);
  const auto [cube, cubeLow] = multiplyExactly<T>(z, s);
  const auto [third, thirdLow] = multiplyExactly<T>(cube, broadcast<T>(0.66666666666666663));
  // What the leading (2/3) s^3 left out: rounding of 2/3, of z, of s, and the series from (2/5) s^5 on.
  const T tail = thirdLow + cube * 3.7007434154171886e-17 + 0.66666666666666663 * (cubeLow + s * zLow + 3.0 * z * sLow) +
                 cube * z * horner(z, 0.40000000000005964, 0.28571428569153867, 0.22222222638711953, 0.18181776192304921,
                                   0.15387071600811528, 0.1325048282445431, 0.1324849857649503);
  const auto [head, headLow] = addExactly<T>(k * Format<double>::ln2High, 2.0 * s);
  const auto [sum, sumLow] = addExactly<T>(head, third);
  const T low = (headLow + sumLow) + (2.0 * sLow + (tail + k * Format<double>::ln2Low));
  return addExactly<T>(sum, low);
}

// x^y for x > 0 finite: e^(y log x), the product carried to twice the precision.
template <class T>
CREDENCE_HD T powPositive(T x, T y) {
  const auto [high, highLow] = logTwofold(x);
  const auto [p, pLow] = multiplyExactly<T>(high, clamp<T>(y, -1e300, 1e300));
  const T low = pLow + y * highLow;
  const T e = exp(p);
  const Mask<T> saturated = (e == 0.0) | (e == Format<double>::infinity) | (low != low);
  return select(saturated, e, T(e + e * low));
}

template <class T>
CREDENCE_HD T powDouble(T x, T y) {
  const T magnitude = abs(x), inf = infinity<T>(), one = broadcast<T>(1.0);
  T r = powPositive<T>(magnitude, y);
  // |x| = 0 or infinity, and y = +-infinity, have limits of their own.
  r = select(magnitude == 0.0, select(y > 0.0, T{}, inf), r);
  r = select(magnitude == inf, select(y > 0.0, inf, T{}), r);
  r = select(abs(y) == inf, select((magnitude > 1.0) == (y > 0.0), inf, T{}), r);
  r = select((magnitude == 1.0) & (y == y), one, r);
  const Mask<T> whole = floor(y) == y;
  const Mask<T> odd = whole & (floor<T>(y * 0.5) * 2.0 != y) & (abs(y) < 9007199254740992.0);
  r = select((x < 0.0) & invert(whole) & (magnitude != inf), notANumber<T>(), r);
  r = select(odd, copySign(r, x), r);
  r = select((x != x) | (y != y), notANumber<T>(), r);
  return select((y == 0.0) | (x == 1.0), one, r);
}

// Evaluates a double-precision body for float arguments: vectors in halves, so that registers keep their width.
template <class F>
CREDENCE_HD float inDouble(float x, F f) {
  return float(f(double(x)));
}
template <class F>
CREDENCE_HD float inDouble(float x, float y, F f) {
  return float(f(double(x), double(y)));
}
#if !defined(__CUDACC__)
template <class T, class F, std::enable_if_t<isVector<T>, int> = 0>
CREDENCE_HD T inDouble(T x, F f) {
  constexpr int half = lanesOf<T> / 2;
  using Half = Vec<float, half>;
  using Wide = Vec<double, half>;
  Half parts[2];
  memcpy(parts, &x, sizeof x);
  for (int i = 0; i < 2; ++i) parts[i] = convert<Half>(f(convert<Wide>(parts[i])));
  memcpy(&x, parts, sizeof x);
  return x;
}
template <class T, class F, std::enable_if_t<isVector<T>, int> = 0>
CREDENCE_HD T inDouble(T x, T y, F f) {
  constexpr int half = lanesOf<T> / 2;
  using Half = Vec<float, half>;
  using Wide = Vec<double, half>;
  Half xs[2], ys[2];
  memcpy(xs, &x, sizeof x);
  memcpy(ys, &y, sizeof y);
  for (int i = 0; i < 2; ++i) xs[i] = convert<Half>(f(convert<Wide>(xs[i]), convert<Wide>(ys[i])));
  memcpy(&x, xs, sizeof x);
  return x;
}
#endif

// x^y as C's pow: NaN for a negative base with a fractional exponent, 1 for y = 0.
template <class T>
CREDENCE_HD T pow(T x, T y) {
  if constexpr (isSingle<T>) {
    return inDouble(x, y, [](auto a, auto b) { return powDouble(a, b); });
  } else {
    return powDouble(x, y);
  }
}

}  // namespace math
}  // namespace CREDENCE_ISA
}  // namespace credence

#include <credence/special.hpp>
