// Accuracy of the elementary and special functions, against the C library in long double (64-bit mantissa, so its own
// error is below 1e-3 ulp of a double), or closed forms where it has none. Scalars and vectors run the same points.
#include <credence/elementwise.hpp>

#include <cmath>
#include <functional>
#include <limits>
#include <random>
#include <vector>

#include <gtest/gtest.h>

namespace {

using namespace credence;
using Reference = std::function<long double(long double)>;

template <class S>
long double ulpAt(long double exact) {
  const S rounded = std::fabs(S(exact));
  if (!(rounded > std::numeric_limits<S>::min())) return std::numeric_limits<S>::denorm_min();
  int exponent;
  std::frexp(rounded, &exponent);
  return std::ldexp(1.0L, exponent - std::numeric_limits<S>::digits);
}

// Points spread evenly over [low, high], and the same number spread evenly in the logarithm of the distance to each of
// `centres`, on both sides, where they lie inside.
template <class S>
std::vector<S> points(double low, double high, std::vector<double> centres = {0.0}, int count = 20000) {
  std::mt19937_64 engine(7);
  std::uniform_real_distribution<double> unit(0, 1);
  std::vector<S> xs;
  for (int i = 0; i < count; ++i) xs.push_back(S(low + (high - low) * unit(engine)));
  for (double centre : centres)
    for (int i = 0; i < count; ++i) {
      const double distance = std::pow(10.0, -18 + 18 * unit(engine)) * std::fmax(1e-300, high - low);
      const S x = S(centre + (i % 2 ? distance : -distance));
      if (x >= low && x <= high) xs.push_back(x);
    }
  while (xs.size() % 16 != 0) xs.push_back(xs.back());
  return xs;
}

enum class Measure { ulp, relative };

template <class Functor, class S>
long double worst(const std::vector<S>& xs, const Reference& reference, Measure measure) {
  using V = NativeVec<S>;
  long double bound = 0;
  for (std::size_t i = 0; i < xs.size(); i += nativeLanes<S>) {
    S vector[nativeLanes<S>];
    store<V>(vector, Functor::apply(load<V>(&xs[i])));
    for (int lane = 0; lane < nativeLanes<S>; ++lane) {
      const S x = xs[i + lane];
      const long double exact = reference(x);
      for (const S y : {vector[lane], S(Functor::apply(x))}) {
        if (std::isnan(exact) || std::isinf(S(exact))) {
          EXPECT_TRUE(std::isnan(exact) ? std::isnan(y) : y == S(exact)) << "at " << x << " got " << y;
          continue;
        }
        const long double scale = measure == Measure::ulp ? ulpAt<S>(exact) : std::fmax(fabsl(exact), 1e-300L);
        const long double error = fabsl(y - exact) / scale;
        EXPECT_TRUE(error == error) << "NaN at " << x;
        bound = std::fmax(bound, error);
      }
    }
  }
  return bound;
}

template <class Functor>
void expectUlp(const char* name, const Reference& f, double boundF32, double boundF64, double low, double high,
               std::vector<double> centres = {0.0}) {
  const long double f32 = worst<Functor>(points<float>(low, high, centres), f, Measure::ulp);
  const long double f64 = worst<Functor>(points<double>(low, high, centres), f, Measure::ulp);
  std::printf("%-10s [%g, %g]: f32 %.2Lf ulp, f64 %.2Lf ulp\n", name, low, high, f32, f64);
  EXPECT_LE(f32, boundF32) << name;
  EXPECT_LE(f64, boundF64) << name;
}

template <class Functor>
void expectRelative(const char* name, const Reference& f, double low, double high, std::vector<double> centres = {0.0}) {
  const long double f32 = worst<Functor>(points<float>(low, high, centres), f, Measure::relative);
  const long double f64 = worst<Functor>(points<double>(low, high, centres), f, Measure::relative);
  std::printf("%-10s [%g, %g]: f32 %.2Le, f64 %.2Le relative\n", name, low, high, f32, f64);
  EXPECT_LE(f32, 1e-6) << name;
  EXPECT_LE(f64, 1e-13) << name;
}

TEST(Math, ExponentialsAreWithinTwoUlp) {
  for (double range : {1.0, 90.0, 760.0}) {
    expectUlp<Exp>("exp", [](long double x) { return expl(x); }, 2, 2, -range, range);
    expectUlp<Expm1>("expm1", [](long double x) { return expm1l(x); }, 2, 2, -range, range);
  }
}

TEST(Math, LogarithmsAreWithinTwoUlp) {
  for (double range : {2.0, 1e4, 1e38}) {
    expectUlp<Log>("log", [](long double x) { return logl(x); }, 2, 2, 0, range, {0.0, 1.0});
    expectUlp<Log1p>("log1p", [](long double x) { return log1pl(x); }, 2, 2, -1, range, {0.0, -1.0});
  }
}

TEST(Math, SigmoidsAreWithinFourUlp) {
  for (double range : {1.0, 10.0, 40.0}) {
    expectUlp<Tanh>("tanh", [](long double x) { return tanhl(x); }, 4, 4, -range, range);
    expectUlp<Sigmoid>("sigmoid", [](long double x) { return 1 / (1 + expl(-x)); }, 4, 4, -range, range);
    expectUlp<Softplus>("softplus", [](long double x) { return fmaxl(x, 0) + log1pl(expl(-fabsl(x))); }, 4, 4, -range, range);
  }
}

TEST(Math, SineAndCosineAreWithinTwoAndAHalfUlpForAllMagnitudes) {
  for (double range : {3.2, 8000.0, 1e6, 1e12}) {
    expectUlp<Sin>("sin", [](long double x) { return sinl(x); }, 2.5, 2.5, -range, range, {0.0, M_PI / 2, M_PI, 100 * M_PI});
    expectUlp<Cos>("cos", [](long double x) { return cosl(x); }, 2.5, 2.5, -range, range, {0.0, M_PI / 2, M_PI, 100.5 * M_PI});
  }
}

TEST(Math, RoundingIsExactAndTiesGoToEven) {
  for (double range : {3.0, 1e9}) {
    expectUlp<Floor>("floor", [](long double x) { return floorl(x); }, 0, 0, -range, range);
    expectUlp<Ceil>("ceil", [](long double x) { return ceill(x); }, 0, 0, -range, range);
    expectUlp<Round>("round", [](long double x) { return rintl(x); }, 0, 0, -range, range);
    expectUlp<Sqrt>("sqrt", [](long double x) { return sqrtl(x); }, 0.5, 0.5001, 0, range);
  }
  EXPECT_EQ(Round::apply(2.5), 2.0);
  EXPECT_EQ(Round::apply(-3.5f), -4.0f);
}

long double erfinvReference(long double x) {
  if (fabsl(x) >= 1) return fabsl(x) > 1 ? NAN : copysignl(INFINITY, x);
  long double y = math::erfinv(double(x));
  for (int i = 0; i < 3; ++i) {  // Newton, on the complement where it is small
    const long double residual = fabsl(x) < 0.5L ? erfl(y) - x : copysignl((1 - fabsl(x)) - erfcl(fabsl(y)), x);
    y -= residual * sqrtl(acosl(-1)) / 2 * expl(y * y);
  }
  return y;
}

TEST(Math, ErrorFunctionAndItsInverse) {
  expectRelative<Erf>("erf", [](long double x) { return erfl(x); }, -1.2, 1.2, {0.0, 1.0});
  expectRelative<Erf>("erf", [](long double x) { return erfl(x); }, -30, 30);
  expectRelative<Erfinv>("erfinv", erfinvReference, -1.01, 1.01, {0.0, 1.0, -1.0});
}

// The derivatives of lgammal by shifting to 40 and summing the asymptotic series, in long double.
long double digammaReference(long double x) {
  if (x == 0) return -INFINITY;
  if (x < 0) return x == rintl(x) ? NAN : digammaReference(1 - x) - acosl(-1) / tanl(acosl(-1) * (x - rintl(x)));
  long double shift = 0;
  for (; x < 40; x += 1) shift -= 1 / x;
  const long double z = 1 / (x * x);
  return shift + logl(x) - 0.5L / x - z * (1.0L / 12 - z * (1.0L / 120 - z * (1.0L / 252 - z * (1.0L / 240 - z / 132))));
}
long double trigammaReference(long double x) {
  if (x <= 0 && x == rintl(x)) return INFINITY;
  if (x < 0) return powl(acosl(-1) / sinl(acosl(-1) * (x - rintl(x))), 2) - trigammaReference(1 - x);
  long double shift = 0;
  for (; x < 40; x += 1) shift += 1 / (x * x);
  const long double z = 1 / (x * x);
  return shift + (1 + 0.5L / x + z * (1.0L / 6 - z * (1.0L / 30 - z * (1.0L / 42 - z * (1.0L / 30 - z * 5 / 66))))) / x;
}

TEST(Math, GammaFunctionAndItsDerivativesKeepRelativeAccuracyAtTheirPositiveZeros) {
  for (double range : {3.0, 20.0, 1e6}) {
    expectRelative<Lgamma>("lgamma", [](long double x) { return lgammal(x); }, 0, range, {0.0, 1.0, 2.0, 3.0});
    // The reference loses 1e-19 / |distance| next to the zero, so points come no closer than the random spread.
    expectRelative<Digamma>("digamma", digammaReference, 0, range, {0.0, 1.0, 2.0});
    expectRelative<Trigamma>("trigamma", trigammaReference, 0, range, {0.0, 1.0, 8.0});
  }
}

TEST(Math, GammaFunctionReflectsAtNegativeArguments) {
  for (double x : {-0.1, -0.5, -1.3, -2.7, -10.25, -33.5}) {
    EXPECT_NEAR(Lgamma::apply(x), double(lgammal(x)), 1e-13 * (1 + std::fabs(double(lgammal(x)))));
    EXPECT_NEAR(Digamma::apply(x), double(digammaReference(x)), 1e-12);
    EXPECT_NEAR(Trigamma::apply(x), double(trigammaReference(x)), 1e-12 * double(trigammaReference(x)));
  }
}

// scipy.special.polygamma of SciPy 1.11; the recurrence psi^(n)(x + 1) = psi^(n)(x) + (-1)^n n! / x^(n+1) elsewhere.
TEST(Math, HigherDerivativesOfTheGammaFunction) {
  const double known[][3] = {{1, 0.3, 12.245364546107734}, {2, 0.2, -251.4780361144359}, {2, 2.5, -0.23620405164172736},
                             {3, -1.7, 768.8497345301304}, {4, 7.1, -0.003103237630548034}, {5, 30, 1.0726994936161621e-06},
                             {7, -0.4, 7990618.245891214}, {20, 3, -233141556.11225682}, {100, 2, -3.6810701397980478e+127}};
  for (const auto& [n, x, value] : known) EXPECT_NEAR(Polygamma::apply(n, x) / value, 1, 1e-13) << n << " at " << x;
  EXPECT_NEAR(Polygamma::apply(2.0f, 2.5f), -0.236204052f, 1e-8);
  for (int n = 1; n <= 60; n += 7)
    for (const double x : {0.1, 1.0, 4.5, 11.5, 40.0, -3.3}) {
      const double step = (n % 2 ? -1 : 1) * std::tgamma(n + 1.0) / std::pow(x, n + 1), left = Polygamma::apply(double(n), x);
      EXPECT_NEAR(Polygamma::apply(double(n), x + 1), left + step, 1e-13 * (std::fabs(left) + std::fabs(step))) << n << " at " << x;
    }
  EXPECT_NEAR(Polygamma::apply(1.0, 1e200) * 1e200, 1, 1e-15);
  EXPECT_EQ(Polygamma::apply(3.0, 0.0), double(INFINITY));
  EXPECT_EQ(Polygamma::apply(3.0, double(INFINITY)), 0);
  for (const auto& [n, x] : {std::pair{0.0, 1.0}, {1.5, 1.0}, {101.0, 1.0}, {2.0, -3.0}, {2.0, -2000.5}, {double(NAN), 1.0}, {2.0, double(NAN)}})
    EXPECT_TRUE(std::isnan(Polygamma::apply(n, x))) << n << " at " << x;
}

TEST(Math, EdgesOfTheDomains) {
  const double inf = INFINITY, nan = NAN;
  EXPECT_EQ(Exp::apply(inf), inf);
  EXPECT_EQ(Exp::apply(-inf), 0.0);
  EXPECT_EQ(Expm1::apply(-inf), -1.0);
  EXPECT_EQ(Expm1::apply(inf), inf);
  EXPECT_EQ(Log::apply(0.0), -inf);
  EXPECT_EQ(Log::apply(inf), inf);
  EXPECT_EQ(Log1p::apply(-1.0), -inf);
  EXPECT_EQ(Tanh::apply(inf), 1.0);
  EXPECT_EQ(Tanh::apply(-inf), -1.0);
  EXPECT_EQ(Sigmoid::apply(-inf), 0.0);
  EXPECT_EQ(Softplus::apply(inf), inf);
  EXPECT_EQ(Softplus::apply(-inf), 0.0);
  EXPECT_EQ(Erf::apply(inf), 1.0);
  EXPECT_EQ(Erfinv::apply(1.0), inf);
  EXPECT_EQ(Erfinv::apply(-1.0f), -float(inf));
  EXPECT_EQ(Lgamma::apply(0.0), inf);
  EXPECT_EQ(Lgamma::apply(-3.0), inf);
  EXPECT_EQ(Lgamma::apply(inf), inf);
  EXPECT_EQ(Lgamma::apply(1.0), 0.0);
  EXPECT_EQ(Lgamma::apply(2.0f), 0.0f);
  EXPECT_EQ(Digamma::apply(inf), inf);
  EXPECT_EQ(Digamma::apply(0.0), -inf);
  EXPECT_TRUE(std::isnan(Digamma::apply(-2.0)));
  EXPECT_EQ(Trigamma::apply(0.0), inf);
  EXPECT_EQ(Trigamma::apply(inf), 0.0);
  for (double bad : {-1.0, nan}) {
    EXPECT_TRUE(std::isnan(Log::apply(bad)));
    EXPECT_TRUE(std::isnan(Sqrt::apply(bad)));
    EXPECT_TRUE(std::isnan(Log1p::apply(bad - 1)));
    EXPECT_TRUE(std::isnan(Erfinv::apply(bad * 2)));
  }
  for (double y : {Exp::apply(nan), Expm1::apply(nan), Sin::apply(nan), Sin::apply(inf), Cos::apply(-inf), Tanh::apply(nan),
                   Sigmoid::apply(nan), Softplus::apply(nan), Relu::apply(nan), Erf::apply(nan), Lgamma::apply(nan),
                   Digamma::apply(nan), Trigamma::apply(nan), Max::apply(nan, 1.0), Max::apply(1.0, nan), Min::apply(nan, 1.0),
                   Min::apply(1.0, nan), Sign::apply(nan), Abs::apply(nan)})
    EXPECT_TRUE(std::isnan(y));
}

TEST(Math, PowerFollowsTheCLibrary) {
  const double inf = INFINITY;
  for (double x : {0.0, -0.0, 1.0, -1.0, 0.5, -2.0, inf, -inf, double(NAN), 3.0, 1e-310})
    for (double y : {0.0, 1.0, -1.0, 2.0, 3.0, -3.0, 0.5, -0.5, inf, -inf, double(NAN), 1e17}) {
      const double expected = std::pow(x, y), got = Pow::apply(x, y);
      if (std::isnan(expected)) EXPECT_TRUE(std::isnan(got)) << x << "^" << y << " = " << got;
      else if (expected == 0 || std::isinf(expected)) EXPECT_EQ(got, expected) << x << "^" << y;
      else EXPECT_NEAR(got / expected, 1.0, 1e-15) << x << "^" << y;
    }
  std::mt19937_64 engine(3);
  std::uniform_real_distribution<double> exponent(-700, 700), base(0.1, 10);
  long double worstF64 = 0, worstF32 = 0;
  for (int i = 0; i < 50000; ++i) {
    const double x = i % 3 ? base(engine) : std::exp(exponent(engine)), y = exponent(engine) / std::log(x);
    const long double exact = powl(x, y);
    worstF64 = std::fmax(worstF64, fabsl(Pow::apply(x, y) - exact) / ulpAt<double>(exact));
    const float xs = float(base(engine)), ys = float(exponent(engine) / 9 / std::log(xs));
    const long double exactF32 = powl(xs, ys);
    worstF32 = std::fmax(worstF32, fabsl(Pow::apply(xs, ys) - exactF32) / ulpAt<float>(exactF32));
  }
  std::printf("pow: f32 %.2Lf ulp, f64 %.2Lf ulp\n", worstF32, worstF64);
  EXPECT_LE(worstF64, 8);
  EXPECT_LE(worstF32, 1);
}

TEST(Math, AtanOfAQuotientHasItsSignAndLimits) {
  using V = NativeVec<double>;
  std::mt19937_64 engine(5);
  std::uniform_real_distribution<double> exponent(-40, 40);
  long double bound = 0;
  for (int i = 0; i < 50000; ++i) {
    const double p = std::exp(exponent(engine)) * (i % 2 ? 1 : -1), q = (i % 5 ? p * std::exp(exponent(engine) / 20) : 1) * (i % 3 ? 1 : -1);
    const long double exact = atanl((long double)p / q);
    for (const double y : {math::atanOfQuotient(p, q), double(math::atanOfQuotient<V>(broadcast<V>(p), broadcast<V>(q))[1])})
      bound = std::fmax(bound, fabsl(y - exact) / ulpAt<double>(exact));
  }
  std::printf("atanOfQuotient: f64 %.2Lf ulp\n", bound);
  EXPECT_LE(bound, 3);
  EXPECT_EQ(math::atanOfQuotient(0.0, 3.0), 0);
  EXPECT_EQ(math::atanOfQuotient(2.0, 0.0), 0);
  EXPECT_EQ(math::atanOfQuotient(0.0, 0.0), 0);
  EXPECT_EQ(math::atanOfQuotient(double(INFINITY), -3.0), -M_PI / 2);
  EXPECT_TRUE(std::isnan(math::atanOfQuotient(double(NAN), 1.0)));
  EXPECT_TRUE(std::isnan(math::atanOfQuotient(1.0, double(NAN))));
}

TEST(Elementwise, IntegersWrapAndDivideWithoutTraps) {
  const std::int32_t least = std::numeric_limits<std::int32_t>::min();
  EXPECT_EQ(Add::apply(std::numeric_limits<std::int32_t>::max(), 1), least);
  EXPECT_EQ(Neg::apply(least), least);
  EXPECT_EQ(Div::apply(least, -1), least);
  EXPECT_EQ(Div::apply(7, 0), -1);
  EXPECT_EQ(Div::apply(-7, 2), -3);
  EXPECT_EQ(Rem::apply(-7, 2), -1);
  EXPECT_EQ(Rem::apply(7, 0), 7);
  EXPECT_EQ(Rem::apply(least, -1), 0);
  EXPECT_EQ(Div::apply(7u, 0u), 0xffffffffu);
  EXPECT_EQ(ShiftLeft::apply(1u, 31u), 0x80000000u);
  EXPECT_EQ(ShiftLeft::apply(1u, 32u), 0u);
  EXPECT_EQ(ShiftRight::apply(0x80000000u, 31u), 1u);
  EXPECT_EQ(Rem::apply(-5.5, 2.0), -1.5);
  using V = NativeVec<std::int32_t>;
  EXPECT_EQ((Square::apply(V{} + 65536))[1], 0);
  EXPECT_EQ((Div::apply(V{} - 9, V{} + 2))[0], -4);
}

TEST(Elementwise, CastsSaturateAndSendNanToZero) {
  EXPECT_EQ((Cast::apply<std::int32_t>(1e20)), std::numeric_limits<std::int32_t>::max());
  EXPECT_EQ((Cast::apply<std::int32_t>(-3.9f)), -3);
  EXPECT_EQ((Cast::apply<std::int32_t>(double(NAN))), 0);
  EXPECT_EQ((Cast::apply<std::uint32_t>(-1.0)), 0u);
  EXPECT_EQ((Cast::apply<std::uint32_t>(4294967295.0)), 4294967295u);
  EXPECT_EQ((Cast::apply<std::uint8_t>(0.25f)), 1);
  EXPECT_EQ((Cast::apply<float>(std::uint8_t(1))), 1.0f);
}

TEST(Elementwise, TheTableNamesEachOperationOnce) {
  for (int i = 0; i < stepOpCount; ++i) {
    EXPECT_NE(stepOps[i].types, 0u) << stepOps[i].name;
    for (int j = 0; j < i; ++j) EXPECT_STRNE(stepOps[i].name, stepOps[j].name);
  }
}

}  // namespace
