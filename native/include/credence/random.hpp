// Random numbers as functions of (key, element): no state, the same on every device and thread count.
//
// Row r draws from Philox counters (element, draw, stream, 0), element = r mod period (r where the period is 0). `stream`
// separates the parts of a compound draw; `draw` counts up inside a rejection loop. Counts and gamma variates are computed
// in double precision whatever the output type.
#pragma once

#include <credence/math.hpp>
#include <credence/philox.hpp>
#include <credence/row_block.hpp>

namespace credence {
inline namespace CREDENCE_ISA {

// ---- uniform and normal, in lanes ----------------------------------------------------------------------------------

template <class V>
using WordsOf = LanesOf<V, std::uint32_t>;

// Integers below 2^31 to floats: the signed conversion, which every instruction set has.
template <class V>
CREDENCE_HD V fromWord(WordsOf<V> word) {
  return convert<V>(bitCast<LanesOf<V, std::int32_t>>(word));
}

// [0, 1), on a grid of 2^-24 (f32) or 2^-53 (f64; the upper bits come from `a`).
template <class V>
CREDENCE_HD V uniformFrom(WordsOf<V> a, WordsOf<V> b) {
  if constexpr (isSingle<V>) {
    (void)b;
    return fromWord<V>(a >> 8) * 5.9604644775390625e-08f;
  } else {
    return fromWord<V>(a >> 6) * 1.4901161193847656e-08 + fromWord<V>(b >> 5) * 1.1102230246251565e-16;
  }
}

// (0, 1]: the middles of 2^32 (f32, rounded) or 2^53 cells, so that logarithms are finite and tails reach 6.7 or 8.6 sd.
template <class V>
CREDENCE_HD V positiveUniformFrom(WordsOf<V> a, WordsOf<V> b) {
  if constexpr (isSingle<V>) {
    (void)b;
    return (fromWord<V>(a >> 16) * 65536.0f + (fromWord<V>(a & 0xffffu) + 0.5f)) * 2.3283064365386963e-10f;
  } else {
    return uniformFrom<V>(a, b) + 5.551115123125783e-17;
  }
}

// Standard normal: sqrt(-2 log u1) cos(2 pi u2) (Box and Muller, 1958).
template <class V>
CREDENCE_HD V normalFrom(const PhiloxBlock<WordsOf<V>>& block) {
  const auto& w = block.words;
  const V radius = math::sqrt<V>(math::log(positiveUniformFrom<V>(w[0], isSingle<V> ? w[0] : w[1])) * ScalarOf<V>(-2));
  const V turns = isSingle<V> ? uniformFrom<V>(w[1], w[1]) : uniformFrom<V>(w[2], w[3]);
  return radius * math::sinCosTurns(turns).cos;
}

// The element numbers of rows r .. r + count.
template <class U>
CREDENCE_HD U elementsOf(std::int64_t r, int count, std::int32_t period) {
  if constexpr (isVector<U>) {
    const std::uint32_t cycle = std::uint32_t(period), first = cycle == 0 ? std::uint32_t(r) : std::uint32_t(r) % cycle;
    U element{};
    for (int lane = 0; lane < lanesOf<U>; ++lane) element[lane] = first + std::uint32_t(lane < count ? lane : count - 1);
    if (cycle >= std::uint32_t(lanesOf<U>)) return element - (bitCast<U>(element >= cycle) & cycle);  // at most one turn too far
    if (cycle != 0)
      for (int lane = 0; lane < lanesOf<U>; ++lane) element[lane] %= cycle;
    return element;
  } else {
    return period == 0 ? std::uint32_t(r) : std::uint32_t(r) % std::uint32_t(period);
  }
}

template <class U>
CREDENCE_HD PhiloxBlock<U> drawBlock(const RowBlock& block, std::int64_t r, int count) {
  const U key0 = loadColumn<U>(block, 0, r, count, 0), key1 = loadColumn<U>(block, 0, r, count, 1);
  return philox(elementsOf<U>(r, count, block.integers[0]), U{}, U{}, U{}, key0, key1);
}

// randomBits(key) -> u32
struct RandomBits {
  template <class V>
  CREDENCE_HD static void lanes(const RowBlock& block, std::int64_t r, int count) {
    storeColumn<V>(block, 1, r, count, drawBlock<V>(block, r, count).words[0]);
  }
};

// randomUniform(key) -> T in [0, 1)
struct RandomUniform {
  template <class V>
  CREDENCE_HD static void lanes(const RowBlock& block, std::int64_t r, int count) {
    const auto drawn = drawBlock<WordsOf<V>>(block, r, count);
    storeColumn<V>(block, 1, r, count, uniformFrom<V>(drawn.words[0], drawn.words[1]));
  }
};

// randomNormal(key) -> T
struct RandomNormal {
  template <class V>
  CREDENCE_HD static void lanes(const RowBlock& block, std::int64_t r, int count) {
    storeColumn<V>(block, 1, r, count, normalFrom<V>(drawBlock<WordsOf<V>>(block, r, count)));
  }
};

// ---- draws of one element ------------------------------------------------------------------------------------------

// The words of one element's counters, block after block.
struct Draws {
  std::uint32_t key0, key1, element, stream, draw;

  CREDENCE_HD PhiloxBlock<std::uint32_t> next() { return philox(element, draw++, stream, 0u, key0, key1); }
};

CREDENCE_HD Draws drawsOf(const RowBlock& block, std::int64_t r, std::uint32_t stream = 0) {
  const std::uint32_t* key = block.at<std::uint32_t>(0, r);
  return {key[0], key[1], elementsOf<std::uint32_t>(r, 1, block.integers[0]), stream, 0};
}

// Standard gamma of shape a: Marsaglia and Tsang, "A simple method for generating gamma variables", 2000; for a < 1,
// Gamma(a) = Gamma(a + 1) U^(1/a). NaN unless a > 0; Gamma(inf) = inf.
CREDENCE_HD_CALL double drawGamma(Draws& draws, double shape) {
  if (!(shape > 0)) return shape == 0 ? 0.0 : math::notANumber<double>();
  if (shape == math::infinity<double>()) return shape;
  const double d = (shape < 1 ? shape + 1 : shape) - 1.0 / 3.0, c = 1 / math::sqrt(9 * d);
  for (;;) {
    const double x = normalFrom<double>(draws.next());
    const auto w = draws.next();
    const double v = (1 + c * x) * (1 + c * x) * (1 + c * x);
    if (v <= 0) continue;
    if (math::log(positiveUniformFrom<double>(w.words[0], w.words[1])) > 0.5 * x * x + d - d * v + d * math::log(v)) continue;
    if (shape >= 1) return d * v;
    return d * v * math::exp(math::log(positiveUniformFrom<double>(w.words[2], w.words[3])) / shape);
  }
}

// log k! - [(k + 1/2) log(k + 1) - (k + 1) + log(2 pi) / 2]: the tail of Stirling's series.
CREDENCE_HD double stirlingTail(double k) {
  const double table[] = {0.08106146679532726, 0.04134069595540929, 0.02767792568499834,  0.02079067210376509,
                          0.01664469118982119, 0.01387612882307075, 0.01189670994589177,  0.01041126526197209,
                          0.009255462182712733, 0.008330563433362871};
  if (k < 10) return table[int(k)];
  const double n = 1 / (k + 1), z = n * n;
  return (1.0 / 12 - (1.0 / 360 - z / 1260) * z) * n;
}

// Poisson. Small rates by inversion; larger by transformed rejection, PTRS of Hoermann, "The transformed rejection method
// for generating Poisson random variables", 1993. NaN unless 0 <= rate < inf.
CREDENCE_HD_CALL double drawPoisson(Draws& draws, double rate) {
  if (!(rate >= 0) || rate == math::infinity<double>()) return math::notANumber<double>();
  if (rate < 10) {
    const auto w = draws.next();
    double u = uniformFrom<double>(w.words[0], w.words[1]), p = math::exp(-rate), k = 0;
    while (u >= p && p > 0) {  // p underflows past k = 200, beyond any u
      u -= p;
      k += 1;
      p *= rate / k;
    }
    return k;
  }
  const double logRate = math::log(rate), b = 0.931 + 2.53 * math::sqrt(rate), a = -0.059 + 0.02483 * b;
  const double inverseAlpha = 1.1239 + 1.1328 / (b - 3.4), squeeze = 0.9277 - 3.6224 / (b - 2);
  for (;;) {
    const auto w = draws.next();
    const double u = uniformFrom<double>(w.words[0], w.words[1]) - 0.5, v = positiveUniformFrom<double>(w.words[2], w.words[3]);
    const double distance = 0.5 - math::abs(u), k = math::floor((2 * a / distance + b) * u + rate + 0.43);
    if (distance >= 0.07 && v <= squeeze) return k;
    if (!(k >= 0) || (distance < 0.013 && v > distance)) continue;
    // log of the Poisson mass with log k! in Stirling's form, which does not cancel at large rates
    const double logMass = k * (logRate - math::log(k + 1)) - rate + (k + 1) - 0.5 * math::log(k + 1) - 0.91893853320467274178 -
                           stirlingTail(k);
    if (math::log(v * inverseAlpha / (a / (distance * distance) + b)) <= logMass) return k;
  }
}

// Binomial. Few expected successes by inversion; else BTRS of Hoermann, "The generation of binomial random variates", 1993.
// NaN unless n is a whole number >= 0 and 0 <= p <= 1.
CREDENCE_HD_CALL double drawBinomial(Draws& draws, double n, double probability) {
  if (!(n >= 0) || n == math::infinity<double>() || math::floor(n) != n || !(probability >= 0) || !(probability <= 1))
    return math::notANumber<double>();
  const bool flip = probability > 0.5;
  const double p = flip ? 1 - probability : probability, q = 1 - p;
  if (n * p < 10) {
    const auto w = draws.next();
    double u = uniformFrom<double>(w.words[0], w.words[1]), mass = math::exp(n * math::log1p(-p)), k = 0;
    while (u >= mass && k < n && mass > 0) {
      u -= mass;
      mass *= (n - k) / (k + 1) * (p / q);
      k += 1;
    }
    return flip ? n - k : k;
  }
  const double spread = math::sqrt(n * p * q), b = 1.15 + 2.53 * spread, a = -0.0873 + 0.0248 * b + 0.01 * p;
  const double centre = n * p + 0.5, squeeze = 0.92 - 4.2 / b, alpha = (2.83 + 5.1 / b) * spread;
  const double mode = math::floor((n + 1) * p), odds = p / q;
  for (;;) {
    const auto w = draws.next();
    const double u = uniformFrom<double>(w.words[0], w.words[1]) - 0.5, v = positiveUniformFrom<double>(w.words[2], w.words[3]);
    const double distance = 0.5 - math::abs(u), k = math::floor((2 * a / distance + b) * u + centre);
    if (!(k >= 0 && k <= n)) continue;
    if (distance >= 0.07 && v <= squeeze) return flip ? n - k : k;
    const double logRatio = (mode + 0.5) * math::log((mode + 1) / (odds * (n - mode + 1))) +
                            (n + 1) * math::log((n - mode + 1) / (n - k + 1)) +
                            (k + 0.5) * math::log(odds * (n - k + 1) / (k + 1)) + stirlingTail(mode) + stirlingTail(n - mode) -
                            stirlingTail(k) - stirlingTail(n - k);
    if (math::log(v * alpha / (a / (distance * distance) + b)) <= logRatio) return flip ? n - k : k;
  }
}

// randomGamma(key, shape) -> T
struct RandomGamma {
  template <class T>
  CREDENCE_HD_CALL static void row(const RowBlock& block, std::int64_t r, RowFailure&) {
    Draws draws = drawsOf(block, r);
    *block.at<T>(2, r) = T(drawGamma(draws, double(*block.at<T>(1, r))));
  }
};

// randomPoisson(key, rate) -> T
struct RandomPoisson {
  template <class T>
  CREDENCE_HD_CALL static void row(const RowBlock& block, std::int64_t r, RowFailure&) {
    Draws draws = drawsOf(block, r);
    *block.at<T>(2, r) = T(drawPoisson(draws, double(*block.at<T>(1, r))));
  }
};

// randomBinomial(key, n, p) -> T
struct RandomBinomial {
  template <class T>
  CREDENCE_HD_CALL static void row(const RowBlock& block, std::int64_t r, RowFailure&) {
    Draws draws = drawsOf(block, r);
    *block.at<T>(3, r) = T(drawBinomial(draws, double(*block.at<T>(1, r)), double(*block.at<T>(2, r))));
  }
};

// randomFold(key, data u32) -> key': independent of the draws of `key`, whose counters have a last word of 0.
struct RandomFold {
  template <class T>
  CREDENCE_HD_CALL static void row(const RowBlock& block, std::int64_t r, RowFailure&) {
    const std::uint32_t* key = block.at<std::uint32_t>(0, r);
    const auto folded = philox(*block.at<std::uint32_t>(1, r), 0u, 0u, 1u, key[0], key[1]);
    std::uint32_t* out = block.at<std::uint32_t>(2, r);
    out[0] = folded.words[0];
    out[1] = folded.words[1];
  }
};

// permutation(key) -> i32[n]: Fisher and Yates, with unbiased indices (Lemire, "Fast random integer generation in an
// interval", 2019).
struct Permutation {
  template <class T>
  CREDENCE_HD_CALL static void row(const RowBlock& block, std::int64_t r, RowFailure&) {
    Draws draws = drawsOf(block, r);
    std::int32_t* out = block.at<std::int32_t>(1, r);
    const std::int64_t n = block.operands[1].rowLength;
    for (std::int64_t i = 0; i < n; ++i) out[i] = std::int32_t(i);
    PhiloxBlock<std::uint32_t> words{};
    int used = 4;
    for (std::int64_t i = n - 1; i > 0; --i) {
      const std::uint32_t bound = std::uint32_t(i) + 1;
      std::uint64_t product;
      do {
        if (used == 4) {
          words = draws.next();
          used = 0;
        }
        product = std::uint64_t(words.words[used++]) * bound;
      } while (std::uint32_t(product) < bound && std::uint32_t(product) < (0u - bound) % bound);
      const std::int64_t j = std::int64_t(product >> 32);
      const std::int32_t other = out[j];
      out[j] = out[i];
      out[i] = other;
    }
  }
};

}  // namespace CREDENCE_ISA
}  // namespace credence
