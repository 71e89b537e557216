// The linear birth-death-immigration process: n -> n + 1 at rate birth n + immigration, n -> n - 1 at rate death n.
//
// With growth = birth - death and phi = (e^(growth t) - 1) / growth (t where growth = 0), a line alive at the start has
// descendants after t with probability e^(growth t) / (1 + birth phi), and N_t is (Kendall, "On the generalized
// birth-and-death process", 1948)
//   survivors k ~ Binomial(i, e^(growth t) / (1 + birth phi)),  then  N_t - k ~ NegativeBinomial(k + immigration / birth, 1 / (1 + birth phi)).
// Rates are per individual and unit of time (immigration: per unit of time), all >= 0; birth, death, immigration may be 0.
#pragma once

#include <credence/random.hpp>

namespace credence {
inline namespace CREDENCE_ISA {

// (1 - e^-x) / x, x >= 0
template <class T>
CREDENCE_HD T decayFraction(T x) {
  using S = ScalarOf<T>;
  return select(x == S(0), broadcast<T>(S(1)), T(-math::expm1<T>(-x) / x));
}

template <class T>
CREDENCE_HD Mask<T> isCount(T n) {
  using S = ScalarOf<T>;
  return (n >= S(0)) & (n < S(9007199254740992.0)) & (math::floor(n) == n);
}
template <class T>
CREDENCE_HD Mask<T> isRate(T rate) {
  using S = ScalarOf<T>;
  return (rate >= S(0)) & (rate < math::infinity<T>());
}

// ---- one step, exactly ----------------------------------------------------------------------------------------------

// N_t given N_0 = n: binomial survivors, then their descendants and the immigrants' as a Poisson of gamma mean.
CREDENCE_HD_CALL double drawBirthDeath(Draws draws, double n, double t, double birth, double death, double immigration) {
  if (!isCount(n) || !isRate(t) || !isRate(birth) || !isRate(death) || !isRate(immigration)) return math::notANumber<double>();
  const double growth = birth - death, exponent = growth * t;
  const double phi = t * decayFraction(math::abs(exponent)) * (exponent > 0 ? math::exp(exponent) : 1.0);
  const double alive = math::exp(exponent) / (1 + birth * phi);
  const double survivors = drawBinomial(draws, n, alive < 1 ? alive : 1.0);
  draws.stream = 1, draws.draw = 0;
  double mean = immigration * phi;
  if (birth > 0) {
    const double shape = survivors + immigration / birth;
    mean = shape > 0 ? drawGamma(draws, shape) * birth * phi : 0;
  }
  draws.stream = 2, draws.draw = 0;
  return survivors + drawPoisson(draws, mean);
}

// birthDeathStep(key, n, dt, birth, death, immigration) -> n'. NaN for a negative or fractional count, a negative rate or time.
struct BirthDeathStep {
  template <class T>
  CREDENCE_HD_CALL static void row(const RowBlock& block, std::int64_t r, RowFailure&) {
    const auto value = [&](int operand) { return double(*block.at<T>(operand, r)); };
    *block.at<T>(6, r) = T(drawBirthDeath(drawsOf(block, r), value(1), value(2), value(3), value(4), value(5)));
  }
};

// ---- every event ----------------------------------------------------------------------------------------------------

// The state of one path per lane. Times are counted from the path's last observation, so that they keep their precision.
template <class V>
struct BirthDeathPaths {
  V count, time, nextTime;  // nextTime: of the next observation, likewise
  V birth, immigration, total;  // total = birth + death
  V events;
};

// One event per lane: waiting time Exponential(total rate) from `waitWord`, kind from `kindWord`. Lanes for which the event
// falls beyond nextTime are returned and left as they were: their event is drawn anew from there (the process has no memory).
template <class V>
CREDENCE_HD Mask<V> birthDeathEvent(BirthDeathPaths<V>& paths, WordsOf<V> waitWord, WordsOf<V> kindWord) {
  // Uniforms on the middles of 2^32 cells: (w + 1/2) / 2^32, from the signed word w - 2^31.
  const V wait = fromWord<V>(waitWord) * 2.3283064365386963e-10 + (0.5 + 1.1641532182693481e-10);
  const V kind = fromWord<V>(kindWord) * 2.3283064365386963e-10 + (0.5 + 1.1641532182693481e-10);
  const V up = paths.birth * paths.count + paths.immigration;
  const V rate = paths.total * paths.count + paths.immigration;
  const V when = paths.time - math::log(wait) / rate;
  const Mask<V> beyond = invert(when < paths.nextTime);  // a rate of 0 waits for ever
  const V change = select(kind * rate < up, broadcast<V>(1.0), broadcast<V>(-1.0));
  paths.count = select(beyond, paths.count, V(paths.count + change));
  paths.time = select(beyond, paths.time, when);
  paths.events = select(beyond, paths.events, V(paths.events + 1.0));
  return beyond;
}

// birthDeathEvents(key, n0, times[m], rates[3] = birth, death, immigration) -> counts[m], events. numbers [maxEvents]: past
// it, the remaining counts are NaN and events = maxEvents. Bad input: NaN throughout.
//
// Rows run in lanes, each at its own pace: one that is done takes up the next row. Two events use one Philox block of the
// row's own counter, so a path depends on nothing but its key and element.
template <class V, class T>
class BirthDeathLanes {
 public:
  CREDENCE_HD BirthDeathLanes(const RowBlock& block, std::int64_t begin, std::int64_t end)
      : block(block), next(begin), end(end), length(block.operands[2].rowLength), eventMax(block.numbers[0]) {}

  CREDENCE_HD void run() {
    int active = 0;
    for (int lane = 0; lane < lanesOf<V>; ++lane) active += refill(lane);
    while (active > 0) {
      const PhiloxBlock<U> words = philox(element, draw, U{}, U{}, key0, key1);
      draw = draw + 1u;
      bool released = false;
      for (int half = 0; half < 2; ++half) {
        const Mask<V> beyond = birthDeathEvent<V>(paths, words.words[2 * half], words.words[2 * half + 1]);
        const Mask<V> exhausted = paths.events > eventMax;
        if (!any(beyond | exhausted)) continue;
        for (int lane = 0; lane < lanesOf<V>; ++lane) {
          if (row[lane] < 0) continue;
          if (laneOf(exhausted, lane)) giveUp(lane);
          else if (laneOf(beyond, lane)) observe(lane);
          released |= row[lane] < 0;
        }
      }
      if (!released) continue;
      for (int lane = 0; lane < lanesOf<V>; ++lane)  // only here, at the start of a block
        if (row[lane] == justDone) active -= !refill(lane);
    }
  }

 private:
  using U = WordsOf<V>;
  static constexpr std::int64_t idle = -1, justDone = -2;

  const RowBlock& block;
  std::int64_t next;
  const std::int64_t end, length;
  const double eventMax;
  BirthDeathPaths<V> paths{};
  U element{}, draw{}, key0{}, key1{};
  std::int64_t row[lanesOf<V>];
  std::int64_t observation[lanesOf<V>];  // the next one

  CREDENCE_HD const T* times(std::int64_t r) const { return block.at<T>(2, r); }

  // Gives the lane the next row that needs simulating; false if there is none.
  CREDENCE_HD bool refill(int lane) {
    for (; next < end; ++next) {
      const std::int64_t r = next;
      const T* rates = block.at<T>(3, r);
      const double n = double(*block.at<T>(1, r)), birth = double(rates[0]), death = double(rates[1]), immigration = double(rates[2]);
      bool good = bool(isCount(n) & isRate(birth) & isRate(death) & isRate(immigration));
      for (std::int64_t i = 0; i < length; ++i) good &= bool(isRate(times(r)[i])) && (i == 0 || times(r)[i] >= times(r)[i - 1]);
      if (!good || length == 0) {
        finish(r, 0, good ? 0.0 : math::notANumber<double>());
        continue;
      }
      ++next;
      const std::uint32_t* key = block.at<std::uint32_t>(0, r);
      setLane(key0, lane, key[0]);
      setLane(key1, lane, key[1]);
      setLane(element, lane, elementsOf<std::uint32_t>(r, 1, block.integers[0]));
      setLane(draw, lane, 0u);
      setLane(paths.count, lane, n);
      setLane(paths.birth, lane, birth);
      setLane(paths.total, lane, birth + death);
      setLane(paths.immigration, lane, immigration);
      setLane(paths.events, lane, 0.0);
      setLane(paths.time, lane, 0.0);
      setLane(paths.nextTime, lane, double(times(r)[0]));
      row[lane] = r;
      observation[lane] = 0;
      return true;
    }
    release(lane, idle);
    return false;
  }

  // An idle lane is always beyond its next observation: nothing in it moves.
  CREDENCE_HD void release(int lane, std::int64_t mark) {
    row[lane] = mark;
    setLane(paths.nextTime, lane, -1.0);
    setLane(paths.events, lane, 0.0);
  }

  CREDENCE_HD void observe(int lane) {
    const std::int64_t r = row[lane], i = observation[lane]++;
    block.at<T>(4, r)[i] = T(laneOf(paths.count, lane));
    if (i + 1 == length) {
      *block.at<T>(5, r) = T(laneOf(paths.events, lane));
      return release(lane, justDone);
    }
    setLane(paths.time, lane, 0.0);
    setLane(paths.nextTime, lane, double(times(r)[i + 1]) - double(times(r)[i]));
  }

  CREDENCE_HD void giveUp(int lane) {
    finish(row[lane], observation[lane], eventMax);
    release(lane, justDone);
  }

  CREDENCE_HD void finish(std::int64_t r, std::int64_t from, double events) {
    for (std::int64_t i = from; i < length; ++i) block.at<T>(4, r)[i] = T(math::notANumber<double>());
    *block.at<T>(5, r) = T(events);
  }
};

struct BirthDeathEvents {
  template <class V, class T>
  CREDENCE_HD_CALL static void range(const RowBlock& block, std::int64_t begin, std::int64_t end) {
    BirthDeathLanes<V, T>(block, begin, end).run();
  }
};

// ---- transition probabilities -----------------------------------------------------------------------------------------

// log(1 + x) / x, x >= 0
template <class V>
CREDENCE_HD V log1pFraction(V x) {
  return select(x == 0.0, broadcast<V>(1.0), V(math::log1p(x) / x));
}

// The log of the product of birth s + immigration over s = k .. j - 1. With z = k + immigration / birth and d = j - k it is
// d log birth + log Gamma(z + d) - log Gamma(z); where z >= 8, Stirling's series in 1/z = birth / (birth k + immigration)
// gives it also as birth -> 0.
template <class V>
CREDENCE_HD V logRisingRates(V birth, V immigration, V k, V j) {
  const V d = j - k, rateK = birth * k + immigration, rateJ = birth * j + immigration;
  const V inverseZ = birth / rateK, inverseEnd = birth / rateJ;
  const V series = d * math::log(rateJ) + d * ((1.0 - 0.5 * inverseZ) * log1pFraction<V>(d * inverseZ) - 1.0) +
                   (math::stirlingSeries(inverseEnd) - math::stirlingSeries(inverseZ));
  const V lines = immigration / birth;
  const V direct = d * math::log(birth) + (math::lgammaPositive<V>(j + lines) - math::lgammaPositive<V>(k + lines));
  return select(d == 0.0, V{}, select(rateK >= 8.0 * birth, series, direct));
}

// log P(N_t = j | N_0 = i): the sum over the survivors k of
//   C(i, k) alive^k (1 - alive)^(i-k) * Gamma(j+r) / (Gamma(k+r) (j-k)!) * (1-b)^(k+r) b^(j-k),  r = immigration / birth,
// all terms positive. With psi = (1 - e^-|growth t|) / |growth| successive terms are in the ratio
//   (i - k)(j - k) e^-|growth t| / ((k + 1)(birth k + immigration) death psi^2),
// which falls with k: the sum starts at its largest term and goes both ways until terms no longer count.
template <class V>
CREDENCE_HD V logTransition(V i, V j, V t, V birth, V death, V immigration) {
  const V zero{}, minusInfinity = -math::infinity<V>();
  const Mask<V> valid = isCount(i) & isCount(j) & isRate(t) & isRate(birth) & isRate(death) & isRate(immigration);
  const V exponent = (birth - death) * t, decay = math::exp<V>(-math::abs(exponent));
  const Mask<V> grows = exponent > 0.0;
  const V psi = t * decayFraction<V>(math::abs(exponent));
  const V logScaledD = math::log1p<V>(psi * select(grows, death, birth));
  const V logD = select(grows, exponent, zero) + logScaledD;  // of D = 1 + birth phi
  const V logPhiOverD = math::log(psi) - logScaledD;          // e^(growth t) cancels, and with it the loss at large t

  // Survivors that have a way: none die of nothing, and nothing comes of nothing.
  const V most = select(i < j, i, j);
  V least = select(immigration > 0.0, zero, select(birth > 0.0, select(j > 0.0, broadcast<V>(1.0), zero), j));
  least = select(death > 0.0, least, select(least > i, least, i));
  const Mask<V> possible = valid & (least <= most) & (t > 0.0);

  // ratio = (i - k)(j - k) up / ((k + 1)(birth k + immigration) down) is 1 at the smaller root of a quadratic.
  const V up = decay, down = death * psi * psi;
  const V b = up * (i + j) + (immigration + birth) * down, c = up * i * j - immigration * down;
  const V discriminant = b * b - 4.0 * (up - birth * down) * c;
  V k = math::floor<V>(2.0 * c / (b + math::sqrt<V>(select(discriminant > 0.0, discriminant, zero))));
  k = select(k >= least, k, least);
  k = select(possible, select(k > most, most, k), zero);

  const V one = broadcast<V>(1.0);
  const auto logFactorial = [&](V n) { return math::lgammaPositive<V>(select(possible, n, zero) + one); };
  const V deaths = i - k, births = j - k;
  const V logTerm = logFactorial(i) - logFactorial(k) - logFactorial(deaths) - logFactorial(births) -
                    k * (math::abs(exponent) + 2.0 * logScaledD) +
                    select(deaths > 0.0, V(deaths * (math::log(death) + logPhiOverD)), zero) +
                    select(births > 0.0, V(births * logPhiOverD), zero) + logRisingRates<V>(birth, immigration, k, j) -
                    immigration * select(grows, V(logD / birth), V(psi * log1pFraction<V>(birth * psi)));

  V sum = one, above = select(possible, one, zero), below = above, kAbove = k, kBelow = k;
  while (any((above > 1e-18 * sum) | (below > 1e-18 * sum))) {
    const V gain = (i - kAbove) * (j - kAbove) * up, gainTo = (kAbove + 1.0) * (birth * kAbove + immigration) * down;
    const V loss = kBelow * (birth * (kBelow - 1.0) + immigration) * down, lossTo = (i - kBelow + 1.0) * (j - kBelow + 1.0) * up;
    above = select(gain > 0.0, V(above * (gain / gainTo)), zero);
    below = select(loss > 0.0, V(below * (loss / lossTo)), zero);
    sum += above + below;
    kAbove += 1.0;
    kBelow -= 1.0;
  }
  const V still = select(i == j, zero, minusInfinity);
  const V y = select(possible, V(logTerm + math::log(sum)), select(t > 0.0, minusInfinity, still));
  return select(valid, y, math::notANumber<V>());
}

// birthDeathLogTransition(i, j, dt, birth, death, immigration) -> log P. -infinity where impossible; NaN for a negative or
// fractional count, a negative rate or time.
struct BirthDeathLogTransition {
  template <class V, class T>
  CREDENCE_HD_CALL static void lanes(const RowBlock& block, std::int64_t r, int count) {
    const auto value = [&](int operand) { return loadColumnAs<V, T>(block, operand, r, count); };
    const V logProbability = logTransition<V>(value(0), value(1), value(2), value(3), value(4), value(5));
    storeColumnAs<V, T>(block, 6, r, count, logProbability);
  }
};

}  // namespace CREDENCE_ISA
}  // namespace credence
