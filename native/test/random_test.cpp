// Random draws: known answers, independence of how rows are shared out, and distributions by chi-square and moments. All
// seeds are fixed, so a test passes always or never; bounds are 5 standard errors.
#include <credence/random.hpp>

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>
#include <set>

#include "row_runner.hpp"

namespace {

using namespace credence;
using test::chiSquareScore;
using test::RowRunner;

TEST(Philox, GivesTheAnswersOfItsAuthors) {
  const auto expectBlock = [](PhiloxBlock<std::uint32_t> block, std::vector<std::uint32_t> words) {
    for (int i = 0; i < 4; ++i) EXPECT_EQ(block.words[i], words[i]);
  };
  const std::uint32_t ones = 0xffffffffu;
  expectBlock(philox(0u, 0u, 0u, 0u, 0u, 0u), {0x6627e8d5u, 0xe169c58du, 0xbc57ac4cu, 0x9b00dbd8u});
  expectBlock(philox(ones, ones, ones, ones, ones, ones), {0x408f276du, 0x41c83b0eu, 0xa20bc7c6u, 0x6d5451fdu});
  expectBlock(philox(0x243f6a88u, 0x85a308d3u, 0x13198a2eu, 0x03707344u, 0xa4093822u, 0x299f31d0u),
              {0xd16cfe09u, 0x94fdccebu, 0x5001e420u, 0x24126ea1u});
}

TEST(Philox, VectorLanesEqualScalars) {
  using U = NativeVec<std::uint32_t>;
  U counter{};
  for (int lane = 0; lane < lanesOf<U>; ++lane) counter[lane] = 0x9e3779b9u * lane;
  const auto block = philox(counter, U{} + 1u, U{}, U{} + 7u, U{} + 0xdeadbeefu, counter);
  for (int lane = 0; lane < lanesOf<U>; ++lane) {
    const auto scalar = philox(counter[lane], 1u, 0u, 7u, 0xdeadbeefu, counter[lane]);
    for (int i = 0; i < 4; ++i) EXPECT_EQ(block.words[i][lane], scalar.words[i]);
  }
}

// `count` draws of an operation with parameters of one element, all rows alike.
template <class T>
std::vector<T> draws(const char* name, std::vector<T> parameters, int count, std::uint32_t seed = 1, int period = 0) {
  std::vector<std::uint32_t> key = {seed, 99};
  std::vector<std::vector<T>> shared;
  for (T parameter : parameters) shared.push_back({parameter});
  std::vector<T> out(count);
  RowRunner runner(name);
  runner.shared(key);
  for (auto& parameter : shared) runner.shared(parameter);
  EXPECT_EQ(runner.operand(out, 1).integers({period}).run(count), "");
  return out;
}

// Counts of xs in the cells between consecutive quantiles of cdf, against what cdf says.
template <class T>
double scoreAgainst(const std::vector<T>& xs, const std::function<double(double)>& cdf, double low, double high, int cells = 60) {
  std::vector<double> counts(cells + 2), expected(cells + 2);
  const auto edge = [&](int i) { return low + (high - low) * i / cells; };
  for (T x : xs) counts[x < low ? 0 : x >= high ? cells + 1 : 1 + std::min(cells - 1, int((x - low) / (high - low) * cells))] += 1;
  expected[0] = xs.size() * cdf(low);
  for (int i = 0; i < cells; ++i) expected[i + 1] = xs.size() * (cdf(edge(i + 1)) - cdf(edge(i)));
  expected[cells + 1] = xs.size() * (1 - cdf(high));
  return chiSquareScore(counts, expected);
}

template <class T>
void expectUniform() {
  const auto xs = draws<T>("randomUniform", {}, 200003);
  for (T x : xs) ASSERT_TRUE(x >= 0 && x < 1);
  EXPECT_LT(scoreAgainst(xs, [](double x) { return x; }, 0, 1, 100), 5);
}
TEST(Random, UniformsFillTheUnitInterval) {
  expectUniform<float>();
  expectUniform<double>();
}

template <class T>
void expectNormal() {
  const auto xs = draws<T>("randomNormal", {}, 400009);
  EXPECT_LT(scoreAgainst(xs, [](double x) { return 0.5 * std::erfc(-x / std::sqrt(2.0)); }, -4, 4, 100), 5);
  double moments[5] = {};
  for (T x : xs)
    for (int k = 1; k <= 4; ++k) moments[k] += std::pow(double(x), k) / xs.size();
  const double n = xs.size();
  EXPECT_NEAR(moments[1], 0, 5 / std::sqrt(n));
  EXPECT_NEAR(moments[2], 1, 5 * std::sqrt(2 / n));
  EXPECT_NEAR(moments[3], 0, 5 * std::sqrt(15 / n));
  EXPECT_NEAR(moments[4], 3, 5 * std::sqrt(96 / n));
}
TEST(Random, NormalsHaveTheRightShapeAndMoments) {
  expectNormal<float>();
  expectNormal<double>();
}

TEST(Random, DrawsDoNotDependOnHowRowsAreSharedOut) {
  const int rows = 1003;
  std::vector<std::uint32_t> key = {5, 6};
  std::vector<float> shape(rows), whole(rows), pieces(rows);
  for (int i = 0; i < rows; ++i) shape[i] = 0.01f * (1 + i);
  for (const char* name : {"randomUniform", "randomNormal"})
    for (int piece : {1, 7, 16, 100}) {
      RowRunner(name).shared(key).operand(whole, 1).integers({0}).run(rows);
      RowRunner(name).shared(key).operand(pieces, 1).integers({0}).run(rows, piece);
      EXPECT_EQ(whole, pieces) << name << " in pieces of " << piece;
    }
  RowRunner("randomGamma").shared(key).operand(shape, 1).operand(whole, 1).integers({0}).run(rows);
  RowRunner("randomGamma").shared(key).operand(shape, 1).operand(pieces, 1).integers({0}).run(rows, 10);
  EXPECT_EQ(whole, pieces);
}

TEST(Random, APeriodRepeatsTheElementsForEveryKey) {
  const int rows = 60, period = 20;
  std::vector<std::uint32_t> keys(2 * rows), one = {7, 1};
  for (int r = 0; r < rows; ++r) keys[2 * r] = r / period == 1 ? 8 : 7, keys[2 * r + 1] = 1;
  std::vector<double> batched(rows), alone(period);
  RowRunner("randomNormal").operand(keys, 2).operand(batched, 1).integers({period}).run(rows);
  RowRunner("randomNormal").shared(one).operand(alone, 1).integers({0}).run(period);
  for (int i = 0; i < period; ++i) {
    EXPECT_EQ(batched[i], alone[i]);
    EXPECT_EQ(batched[2 * period + i], alone[i]);
    EXPECT_NE(batched[period + i], alone[i]);
  }
}

// Regularised lower incomplete gamma function, by its series or Legendre's continued fraction.
double gammaCdf(double shape, double x) {
  if (x <= 0) return 0;
  const double front = std::exp(shape * std::log(x) - x - std::lgamma(shape));
  if (x < shape + 1) {
    double term = 1 / shape, sum = term;
    for (int n = 1; term > 1e-16 * sum; ++n) sum += term *= x / (shape + n);
    return front * sum;
  }
  double fraction = 0;
  for (int n = 400; n > 0; --n) fraction = n * (shape - n) / (x + 2 * n + 1 - shape + fraction);
  return 1 - front / (x + 1 - shape + fraction);
}

TEST(Random, GammasFollowTheirDistributionForAllShapes) {
  for (double shape : {0.05, 0.5, 1.0, 1.7, 30.0, 1000.0}) {
    const auto xs = draws<double>("randomGamma", {shape}, 200000);
    const double sd = std::sqrt(shape);
    EXPECT_LT(scoreAgainst(xs, [&](double x) { return gammaCdf(shape, x); }, std::fmax(0, shape - 4 * sd), shape + 5 * sd), 5) << shape;
  }
  const auto tiny = draws<double>("randomGamma", {0.05}, 100000);  // the cells of small values, on a log scale
  std::vector<double> logs;
  for (double x : tiny) logs.push_back(x > 0 ? std::log(x) : -1e9);
  EXPECT_LT(scoreAgainst(logs, [](double y) { return gammaCdf(0.05, std::exp(y)); }, -100, 1), 5);
}

// Chi-square of counts against a mass function on low .. high, everything outside pooled into the last cell.
double scoreMass(const std::vector<double>& xs, const std::function<double(double)>& logMass, double low, double high) {
  const int cells = int(high - low) + 1;
  std::vector<double> counts(cells + 1), expected(cells + 1);
  double covered = 0;
  for (int i = 0; i < cells; ++i) covered += expected[i] = xs.size() * std::exp(logMass(low + i));
  expected[cells] = std::fmax(0, xs.size() - covered);
  for (double x : xs) {
    EXPECT_EQ(x, std::floor(x));
    counts[x < low || x > high ? cells : int(x - low)] += 1;
  }
  return chiSquareScore(counts, expected);
}

TEST(Random, PoissonsFollowTheirMassForSmallAndLargeRates) {
  for (double rate : {0.0, 0.3, 4.0, 9.99, 10.0, 25.0, 300.0, 20000.0}) {
    const auto xs = draws<double>("randomPoisson", {rate}, 200000, 11);
    const auto logMass = [&](double k) { return rate == 0 ? (k == 0 ? 0 : -INFINITY) : k * std::log(rate) - rate - std::lgamma(k + 1); };
    const double sd = std::sqrt(rate);
    EXPECT_LT(scoreMass(xs, logMass, std::floor(std::fmax(0, rate - 4 * sd)), std::floor(rate + 5 * sd + 5)), 5) << rate;
  }
}

TEST(Random, BinomialsFollowTheirMassOnBothSidesOfOneHalf) {
  struct Case {
    double n, p;
  };
  for (Case c : {Case{0, 0.5}, {1, 0.3}, {20, 0.1}, {20, 0.9}, {40, 0.5}, {100, 0.37}, {100, 0.63}, {5000, 0.02}, {1e5, 0.99}}) {
    const auto xs = draws<double>("randomBinomial", {c.n, c.p}, 200000, 13);
    const auto logMass = [&](double k) {
      return std::lgamma(c.n + 1) - std::lgamma(k + 1) - std::lgamma(c.n - k + 1) + k * std::log(c.p) + (c.n - k) * std::log1p(-c.p);
    };
    const double mean = c.n * c.p, sd = std::sqrt(mean * (1 - c.p));
    EXPECT_LT(scoreMass(xs, logMass, std::floor(std::fmax(0, mean - 5 * sd)), std::floor(std::fmin(c.n, mean + 5 * sd + 5))), 5)
        << c.n << " " << c.p;
  }
  for (double p : {0.0, 1.0})
    for (double x : draws<double>("randomBinomial", {50, p}, 100)) EXPECT_EQ(x, 50 * p);
}

TEST(Random, HugeParametersKeepMeanAndVariance) {
  const auto expectMoments = [](const std::vector<double>& xs, double mean, double variance) {
    double sum = 0, squares = 0;
    for (double x : xs) sum += (x - mean), squares += (x - mean) * (x - mean);
    const double n = xs.size();
    EXPECT_NEAR(sum / n / std::sqrt(variance), 0, 5 / std::sqrt(n));
    EXPECT_NEAR(squares / n / variance, 1, 5 * std::sqrt(2 / n));
  };
  expectMoments(draws<double>("randomPoisson", {1e9}, 50000), 1e9, 1e9);
  expectMoments(draws<double>("randomBinomial", {1e12, 0.25}, 50000), 2.5e11, 1.875e11);
  expectMoments(draws<double>("randomGamma", {1e8}, 50000), 1e8, 1e8);
}

TEST(Random, ParametersWithoutADistributionGiveNan) {
  for (double bad : {-1.0, double(NAN)}) {
    EXPECT_TRUE(std::isnan(draws<double>("randomGamma", {bad}, 1)[0]));
    EXPECT_TRUE(std::isnan(draws<double>("randomPoisson", {bad}, 1)[0]));
    EXPECT_TRUE(std::isnan(draws<double>("randomBinomial", {10, bad}, 1)[0]));
    EXPECT_TRUE(std::isnan(draws<double>("randomBinomial", {bad, 0.5}, 1)[0]));
  }
  EXPECT_TRUE(std::isnan(draws<double>("randomPoisson", {INFINITY}, 1)[0]));
  EXPECT_TRUE(std::isnan(draws<double>("randomBinomial", {2.5, 0.5}, 1)[0]));
  EXPECT_TRUE(std::isnan(draws<double>("randomBinomial", {2, 1.5}, 1)[0]));
}

TEST(Random, FoldedKeysAreDistinctAndAreNotDraws) {
  const int rows = 20000;
  std::vector<std::uint32_t> key = {1, 99}, data(rows), folded(2 * rows), bits(rows);
  std::iota(data.begin(), data.end(), 0u);
  RowRunner("randomFold").shared(key).operand(data, 1).operand(folded, 2).run(rows);
  RowRunner("randomBits").shared(key).operand(bits, 1).integers({0}).run(rows);
  std::set<std::pair<std::uint32_t, std::uint32_t>> keys;
  for (int r = 0; r < rows; ++r) {
    keys.insert({folded[2 * r], folded[2 * r + 1]});
    EXPECT_NE(folded[2 * r], bits[r]);
  }
  EXPECT_EQ(keys.size(), std::size_t(rows));
}

TEST(Random, PermutationsAreUniform) {
  const int rows = 120000, n = 4;
  std::vector<std::uint32_t> key = {3, 1};
  std::vector<std::int32_t> out(rows * n);
  RowRunner("permutation").shared(key).operand(out, n).integers({0}).run(rows);
  std::vector<double> counts(256), seen;
  for (int r = 0; r < rows; ++r) {
    int code = 0, mask = 0;
    for (int i = 0; i < n; ++i) code = code * 4 + out[r * n + i], mask |= 1 << out[r * n + i];
    ASSERT_EQ(mask, 15);
    counts[code] += 1;
  }
  for (double count : counts)
    if (count > 0) seen.push_back(count);
  ASSERT_EQ(seen.size(), 24u);
  EXPECT_LT(chiSquareScore(seen, std::vector<double>(24, rows / 24.0)), 5);

  std::vector<std::int32_t> large(100003);
  RowRunner("permutation").shared(key).operand(large, large.size()).integers({0}).run(1);
  EXPECT_NE(large[0], 0);
  std::sort(large.begin(), large.end());
  for (int i = 0; i < int(large.size()); ++i) ASSERT_EQ(large[i], i);
}

TEST(Random, AWrongCallIsRefused) {
  std::vector<std::uint32_t> key = {1, 2, 3};
  std::vector<float> out(4);
  std::vector<std::int32_t> wrong(4);
  EXPECT_EQ(RowRunner("randomUniform").shared(key).operand(out, 1).integers({0}).check(4),
            "randomUniform: key must have rows of 2, got 3");
  key.pop_back();
  EXPECT_EQ(RowRunner("randomUniform").shared(key).operand(wrong, 1).integers({0}).check(4),
            "randomUniform: works on f32 and f64, got i32");
  EXPECT_EQ(RowRunner("randomUniform").shared(key).operand(out, 1).integers({-1}).check(4),
            "randomUniform: period must lie in [0, 2147483647], got -1");
  EXPECT_EQ(RowRunner("randomUniform").shared(key).operand(out, 1).check(4), "randomUniform: takes 1 integers, got 0");
  EXPECT_EQ(RowRunner("randomUniform").shared(key).check(4), "randomUniform: takes 2 operands, got 1");
  std::vector<float> single(1);
  EXPECT_EQ(RowRunner("randomUniform").shared(key).shared(single).integers({0}).check(4),
            "randomUniform: rows of result, 1 elements, overlap at stride 0");
}

}  // namespace
