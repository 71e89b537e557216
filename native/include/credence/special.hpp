// erf, its inverse, and the gamma function's logarithm with its derivatives. f32 within 1e-6 relative, f64 within 1e-13
// (lgamma and digamma: away from their zeros at negative arguments, where the error is absolute).
#pragma once

#include <credence/math.hpp>

namespace credence {
inline namespace CREDENCE_ISA {
namespace math {

// |x| < 1: x P(x^2); beyond: 1 - e^(-x^2) Q(1 / (2 + |x|)), Q a fit of e^(x^2) erfc x
template <class T>
CREDENCE_HD T erf(T x) {
  using S = ScalarOf<T>;
  const T a = clamp<T>(abs(x), S(0), isSingle<T> ? S(4) : S(6)), z = a * a, t = S(1) / (S(2) + a);
  T inner, outer;
  if constexpr (isSingle<T>) {
    inner = horner(z, 1.12837911, -0.37612626, 0.112835854, -0.0268538147, 0.00518833054, -0.000801020244, 7.85384982e-05);
    outer = horner(t, -0.0135063147, 0.784920454, -0.245795429, 5.78925419, -0.620172918);
  } else {
    inner = horner(z, 1.1283791670955126, -0.37612638903183748, 0.11283791670954858, -0.026866170645072959,
                   0.0052239776247813702, -0.00085483269787651485, 0.00012055331037551108, -1.4925593518728226e-05,
                   1.6460972954153765e-06, -1.6350026192077269e-07, 1.4657883530919653e-08, -1.136567067182716e-09,
                   5.945255584223488e-11);
    outer = horner(t, 2.8561778506244099e-05, 0.5629442736124276, 1.1528710811539817, 1.6890190366006324, 5.0000881253666662,
                   -8.5819724078448605, 38.811946968110327, -92.152367459815068, 73.147791011004642, 40.42846610027474,
                   -103.19313330147298, 50.01298370594003);
  }
  return copySign<T>(select(a < S(1), T(a * inner), T(S(1) - exp<T>(-z) * outer)), x);
}

// x P(w) with w = -log(1 - x^2), in pieces (the variable of Giles, "Approximating the erfinv function", 2010).
template <class T>
CREDENCE_HD T erfinv(T x) {
  using S = ScalarOf<T>;
  const T a = abs(x);
  const T w = -log1p<T>(-a) - log1p<T>(a);  // exact near |x| = 1, where 1 - |x| is
  const T root = sqrt(w);
  T factor;
  if constexpr (isSingle<T>) {
    const T inner = horner(T(w - S(2.5)), 1.50140941, 0.246640727, -0.00417770818, -0.00125370745, 0.000218602523,
                           -4.39678479e-06, -3.52892903e-06, 3.43725901e-07, 2.85394659e-08);
    const T outer = horner(T(root - S(3)), 2.83297753, 1.00168037, 0.00942193437, -0.00770257087, 0.00584200257,
                           -0.00342593389, 0.00110785954, -0.000117497912);
    factor = select(w < S(5), inner, outer);
  } else {
    const T inner = horner(T(w - 3.125), 1.653654562683103, 0.24015818242558948, -0.0060336708714307042,
                           -0.00074070253416529911, 0.00018673420803638318, -1.38825233649078e-05, -1.3654692038689902e-06,
                           4.2347878041193319e-07, -2.9070366809965163e-08, -4.1126351591237232e-09, 1.0512107508002743e-09,
                           -5.4153728848904148e-11, -1.2974675297170169e-11, 2.6334277359759956e-12, -8.1607628938641941e-14,
                           -4.0534934627043383e-14, 6.6485538966362454e-15, 2.010784211079358e-17, -1.341540633874326e-16,
                           1.1196902591886113e-17, 1.3220668406435634e-18, -1.6926048686863306e-19, -4.3206356982857553e-21);
    const T middle = horner(T(root - 3.25), 3.0838856104922181, 1.0052589676939312, 0.0053709145541266795,
                            -0.0037512084879659626, 0.0024914420763305464, -0.0016882760469278273, 0.00095328965597529704,
                            -0.0003550320070976749, 2.4029231130581687e-05, 6.8252043532995578e-05, -4.7311389279700863e-05,
                            1.258598160875442e-05, 2.9100880510927233e-06, -4.2264018713548141e-06, 1.5151268353877845e-06,
                            2.3471109433367578e-07, -2.7770476171877142e-07);
    const T outer = horner(T(root - 5.0), 4.8499064014085995, 1.0103004648641425, -0.00013871932002170213,
                           -0.00021503010604633207, 7.5995306313342672e-05, -1.9681908812622153e-05, 4.5258744912306454e-06,
                           -9.9240947867105115e-07, 2.2957779087626646e-07, -6.9013965573967422e-08, 2.8244162621378477e-08,
                           -1.3362683561574721e-08, 8.3488407694222576e-09, -4.7957783978487705e-09, 1.2387290690525923e-09);
    factor = select(w < 6.25, inner, select(root < 4.0, middle, outer));
  }
  const T outside = select(a == S(1), copySign(infinity<T>(), x), notANumber<T>());
  return select(a < S(1), T(x * factor), outside);
}

// ---- gamma function ------------------------------------------------------------------------------------------------

// sum of B_2k / (2k (2k-1) x^(2k-1)) for inverse = 1 / x, x >= 8.
template <class T>
CREDENCE_HD T stirlingSeries(T inverse) {
  return inverse * horner(T(inverse * inverse), 0.083333333333333333, -0.0027777777777777778, 0.00079365079365079365,
                          -0.00059523809523809524, 0.00084175084175084175, -0.0019175269175269175, 0.0064102564102564103,
                          -0.029550653594771242);
}

// log Gamma(x) for x >= 8: (x - 1/2) log x - x + log(2 pi)/2 + the series.
template <class T>
CREDENCE_HD T stirling(T x) {
  return (x - 0.5) * log(x) - x + 0.91893853320467274178 + stirlingSeries<T>(1.0 / x);
}

// sin(pi x) and cos(pi x) of the distance from x to the nearest integer: signs dropped.
template <class T>
CREDENCE_HD SinCos<T> sinCosPi(T x) {
  const T d = abs<T>(x - round(x));  // 0 <= d <= 1/2
  return sinCosTurns<T>(0.5 * d);
}

// x >= 3 by Stirling at x or x + 5; on [1, 2], with u = x - 1, u (u - 1) Q(u) keeps the zeros; 0 < x < 3 moves there.
template <class T>
CREDENCE_HD T lgammaPositive(T x) {
  const Mask<T> small = x < 8.0;
  const T product = x * (x + 1.0) * (x + 2.0) * (x + 3.0) * (x + 4.0);
  const T far = stirling<T>(select(small, T(x + 5.0), x)) - log<T>(select(small, product, broadcast<T>(1.0)));

  const Mask<T> belowOne = x < 1.0, aboveTwo = x >= 2.0;
  const T u = select(belowOne, x, select(aboveTwo, T(x - 2.0), T(x - 1.0)));
  const T q = horner(T(u - 0.5), 0.48312895054098087, -0.14595989591430591, 0.062911401074582193, -0.0313084875010557,
                     0.016797098628927594, -0.0094256224446540148, 0.0054464579591254727, -0.0032120742263545532,
                     0.0019229131960295663, -0.0011644112757225619, 0.00071156556948964874, -0.00043803621125109793,
                     0.00027089132423598321, -0.00016856524490768102, 0.00010773014593469876, -6.7961567752553313e-05,
                     3.4957559307958012e-05, -2.1438723023553054e-05, 2.8368512316196743e-05, -1.8569428991658543e-05);
  // Gamma(x) = Gamma(x + 1) / x below one, (x - 1) Gamma(x - 1) above two; log1p is exact next to one.
  const T shift = log1p<T>(select(belowOne, T(x - 1.0), select(aboveTwo, u, T{})));
  const T near = u * (u - 1.0) * q + select(belowOne, T(-log(x)), shift);
  return select(x < 3.0, near, far);
}

// log |Gamma(x)|; for x < 0 by Gamma(x) Gamma(1 - x) = pi / sin(pi x). Infinite at 0, -1, -2, ...
template <class T>
CREDENCE_HD T lgammaDouble(T x) {
  const Mask<T> reflect = x < 0.0;
  const T positive = lgammaPositive<T>(select(reflect, T(1.0 - x), x));
  const T reflected = 1.14472988584940017414 - log(sinCosPi(x).sin) - positive;
  const T y = select(reflect, reflected, positive);
  return select((abs(x) == Format<double>::infinity) | (x == 0.0), infinity<T>(), y);
}

// psi(x) for x >= 8: log x - 1/(2x) - sum of B_2k / (2k x^2k).
template <class T>
CREDENCE_HD T digammaSeries(T x) {
  const T inverse = 1.0 / x, z = inverse * inverse;
  return log(x) - 0.5 * inverse -
         z * horner(z, 0.083333333333333333, -0.0083333333333333333, 0.0039682539682539683, -0.0041666666666666667,
                    0.0075757575757575758, -0.021092796092796093, 0.083333333333333333, -0.44325980392156863);
}

// x >= 3 by the series at x or x + 5; on [1, 2], (x - x0) R(x) keeps the zero x0; 0 < x < 3 moves there.
template <class T>
CREDENCE_HD T digammaPositive(T x) {
  const Mask<T> small = x < 8.0;
  const T steps = 1.0 / x + 1.0 / (x + 1.0) + 1.0 / (x + 2.0) + 1.0 / (x + 3.0) + 1.0 / (x + 4.0);
  const T far = digammaSeries<T>(select(small, T(x + 5.0), x)) - select(small, steps, T{});

  const Mask<T> belowOne = x < 1.0, aboveTwo = x >= 2.0;
  const T u = select(belowOne, T(x - 0.5), select(aboveTwo, T(x - 2.5), T(x - 1.5)));  // argument on [1, 2], less 3/2
  const T r = horner(u, 0.95105587603183239, -0.42362742128145825, 0.24054248424115074, -0.14840492305462488,
                     0.094988724405204908, -0.061922133207152993, 0.040760836360387173, -0.026975799503372446,
                     0.017907186159981419, -0.011908155632932181, 0.0079279348343338253, -0.0052808101865025429,
                     0.0035100014236294852, -0.0023381243843079683, 0.0016073132280071535, -0.0010755949275170064,
                     0.00055096122352171512, -0.0003589474183185877, 0.0005517666825738769, -0.000374866790336056);
  const T distance = (u - (1.4616321449683622 - 1.5)) - 9.549995429965697e-17;  // x0 = 1.4616321449683622 + 9.5e-17
  const T correction = select(belowOne, T(-1.0 / x), select(aboveTwo, T(1.0 / (x - 1.0)), T{}));
  return select(x < 3.0, T(distance * r + correction), far);
}

// psi(x) = psi(1 - x) - pi / tan(pi x) for x < 0. NaN at -1, -2, ...; -infinity at 0.
template <class T>
CREDENCE_HD T digammaDouble(T x) {
  const Mask<T> reflect = x < 0.0;
  const T positive = digammaPositive<T>(select(reflect, T(1.0 - x), x));
  const T offset = x - round(x);
  const auto [s, c] = sinCosPi(x);
  const T reflected = positive - copySign<T>(3.14159265358979323846 * c / s, offset);
  T y = select(reflect, reflected, positive);
  y = select(x == Format<double>::infinity, x, y);
  y = select(reflect & (offset == 0.0), notANumber<T>(), y);
  return select(x == 0.0, T(-infinity<T>()), y);
}

// psi'(x) for x >= 8: 1/x + 1/(2x^2) + sum of B_2k / x^(2k+1); below, psi'(x) = psi'(x + 8) + sum of 1/(x + i)^2, i < 8.
template <class T>
CREDENCE_HD T trigammaPositive(T x) {
  const Mask<T> small = x < 8.0;
  T steps{};
  for (int i = 7; i >= 0; --i) {
    const T r = 1.0 / (x + double(i));
    steps += r * r;
  }
  const T far = select(small, T(x + 8.0), x);
  const T inverse = 1.0 / far, z = inverse * inverse;
  const T series = horner(z, 0.16666666666666667, -0.033333333333333333, 0.023809523809523810, -0.033333333333333333,
                          0.075757575757575758, -0.25311355311355311, 1.1666666666666667, -7.0921568627450980);
  const T y = inverse + 0.5 * z + inverse * z * series;
  return select(small, T(y + steps), y);
}

// psi'(x) = (pi / sin(pi x))^2 - psi'(1 - x) for x < 0. Infinite at 0, -1, -2, ...
template <class T>
CREDENCE_HD T trigammaDouble(T x) {
  const Mask<T> reflect = x < 0.0;
  const T positive = trigammaPositive<T>(select(reflect, T(1.0 - x), x));
  const T quotient = 3.14159265358979323846 / sinCosPi(x).sin;
  return select(reflect, T(quotient * quotient - positive), positive);
}

#define CREDENCE_IN_DOUBLE(function)                                         \
  template <class T>                                                         \
  CREDENCE_HD T function(T x) {                                              \
    if constexpr (isSingle<T>) {                                             \
      return inDouble(x, [](auto wide) { return function##Double(wide); });  \
    } else {                                                                 \
      return function##Double(x);                                            \
    }                                                                        \
  }
CREDENCE_IN_DOUBLE(lgamma)
CREDENCE_IN_DOUBLE(digamma)
CREDENCE_IN_DOUBLE(trigamma)
#undef CREDENCE_IN_DOUBLE

// x^-n for a whole n >= 0.
CREDENCE_HD double inversePower(double x, int n) {
  double power = 1, factor = 1 / x;
  for (; n > 0; n >>= 1, factor *= factor)
    if (n & 1) power *= factor;
  return power;
}

// psi^(n)(x) = (-1)^(n+1) n! sum of (x + k)^-(n+1) over k >= 0, for a whole n from 1 to 100 and x > -1000; NaN elsewhere, and at
// the poles 0, -1, ... where n is even. The sum by Euler and Maclaurin's formula from x + k >= n + 12 on.
CREDENCE_HD_CALL double polygammaScalar(double order, double x) {
  if (!(order >= 1 && order <= 100) || ::floor(order) != order || !(x > -1000)) return notANumber<double>();
  const int n = int(order);
  if (x == infinity<double>()) return 0;
  if (x <= 0 && ::floor(x) == x) return n % 2 == 1 ? infinity<double>() : notANumber<double>();
  double sum = 0, factorial = 1;
  for (; x < n + 12; x += 1) sum += inversePower(x, n + 1);
  const double last = inversePower(x, n + 1);
  sum += inversePower(x, n) / n + 0.5 * last;
  // B_2j / (2j)!
  const double numbers[] = {0.083333333333333333,    -0.0013888888888888889,  3.3068783068783069e-05,  -8.2671957671957672e-07,
                            2.0876756987868099e-08,  -5.2841901386874932e-10, 1.3382536530684679e-11,  -3.3896802963225829e-13,
                            8.5860620562778446e-15,  -2.1748686985580619e-16, 5.5090028283602295e-18,  -1.3954464685812523e-19};
  double rising = (n + 1) * last / x;  // (s) (s + 1) ... (s + 2j - 2) x^(-s - 2j + 1), s = n + 1
  for (int j = 0; j < 12; ++j) {
    sum += numbers[j] * rising;
    rising *= (n + 2 + 2 * j) / x * ((n + 3 + 2 * j) / x);
  }
  for (int k = 2; k <= n; ++k) factorial *= k;
  return (n % 2 == 1 ? factorial : -factorial) * sum;
}

template <class T>
CREDENCE_HD T polygamma(T order, T x) {
  using S = ScalarOf<T>;
  return perLane(order, x, [](S n, S at) -> S { return S(polygammaScalar(double(n), double(at))); });
}

}  // namespace math
}  // namespace CREDENCE_ISA
}  // namespace credence
