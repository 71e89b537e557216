// The birth-death-immigration process: transition probabilities against the matrix exponential of its generator, and both
// simulators against the transition probabilities.
#include <credence/birth_death.hpp>

#include <cmath>
#include <numeric>

#include "row_runner.hpp"

namespace {

using credence::test::chiSquareScore;
using credence::test::RowRunner;

struct Process {
  double birth, death, immigration;
};
const Process processes[] = {{0.4, 0.3, 0.5}, {0.3, 0.4, 0.5}, {0.35, 0.35, 0.2}, {0.35, 0.35, 0},   {0.6, 0.2, 0}, {0.2, 0.6, 0},
                             {0, 0.5, 3},     {0, 0.5, 0},     {0.5, 0, 1},       {0.5, 0, 0},       {0, 0, 2},     {0, 0, 0},
                             {1e-9, 0.5, 3},  {1e-3, 0.4, 6},  {0.5, 1e-9, 0.1},  {0.35, 0.3500001, 1e-8}};

std::vector<double> logTransitions(double i, const std::vector<double>& js, double t, Process p) {
  std::vector<double> start = {i}, time = {t}, birth = {p.birth}, death = {p.death}, immigration = {p.immigration}, to = js, out(js.size());
  EXPECT_EQ(RowRunner("birthDeathLogTransition").shared(start).operand(to, 1).shared(time).shared(birth).shared(death).shared(immigration)
                .operand(out, 1).run(std::int64_t(js.size())), "");
  return out;
}
std::vector<double> upTo(int n) {
  std::vector<double> js(n);
  std::iota(js.begin(), js.end(), 0.0);
  return js;
}

// Row i of exp(Q t), Q truncated to n states, by uniformisation: sum over m of Poisson(m; rate t) (I + Q / rate)^m, in long double.
std::vector<double> matrixExponentialRow(int i, double t, Process p, int n) {
  using Real = long double;
  const Real rate = (p.birth + p.death) * n + p.immigration + 1;
  std::vector<Real> row(n), sum(n), next(n);
  row[i] = 1;
  Real weight = expl(-rate * t / 64);  // in 64 equal steps, so that the weight does not underflow
  for (int step = 0; step < 64; ++step) {
    std::fill(sum.begin(), sum.end(), 0);
    Real w = weight;
    for (int m = 0; m < 2000 && (w > 1e-22L || m < rate * t / 64); ++m) {
      for (int k = 0; k < n; ++k) sum[k] += w * row[k];
      for (int k = 0; k < n; ++k) {
        const Real up = k + 1 < n ? p.birth * k + p.immigration : 0, down = p.death * k;
        next[k] = row[k] * (1 - (up + down) / rate);
        if (k > 0) next[k] += row[k - 1] * (p.birth * (k - 1) + p.immigration) / rate;
        if (k + 1 < n) next[k] += row[k + 1] * p.death * (k + 1) / rate;
      }
      row.swap(next);
      w *= rate * t / 64 / (m + 1);
    }
    row = sum;
  }
  return {row.begin(), row.end()};
}

TEST(BirthDeathTransition, AgreesWithTheMatrixExponential) {
  for (const Process p : processes)
    for (int i : {0, 1, 7, 30})
      for (double t : {0.05, 0.7}) {
        const int states = 160, compared = 90;
        const auto exact = matrixExponentialRow(i, t, p, states);
        const auto logs = logTransitions(i, upTo(compared), t, p);
        for (int j = 0; j < compared; ++j) {
          if (exact[j] < 1e-15) continue;  // the truncated sum itself is good to about 1e-18
          ASSERT_NEAR(std::exp(logs[j]) / exact[j], 1, 1e-11 + 1e-17 / exact[j])
              << i << " to " << j << " in " << t << " at " << p.birth << " " << p.death << " " << p.immigration;
        }
      }
}

TEST(BirthDeathTransition, ProbabilitiesSumToOne) {
  for (const Process p : processes)
    for (int i : {0, 1, 40, 400}) {
      double sum = 0;
      for (double l : logTransitions(i, upTo(4000), 1.3, p)) sum += std::exp(l);
      EXPECT_NEAR(sum, 1, 2e-12) << i << " at " << p.birth << " " << p.death << " " << p.immigration;
    }
}

TEST(BirthDeathTransition, LongTimesReachTheStationaryNegativeBinomial) {
  const Process p{0.3, 0.5, 2};
  const double size = p.immigration / p.birth, b = p.birth / p.death;
  const auto logs = logTransitions(25, upTo(60), 400, p);
  for (int j = 0; j < 60; ++j)
    EXPECT_NEAR(logs[j], std::lgamma(j + size) - std::lgamma(size) - std::lgamma(j + 1) + size * std::log1p(-b) + j * std::log(b), 1e-11);
}

TEST(BirthDeathTransition, FastGrowthDoesNotOverflow) {
  const auto logs = logTransitions(1, {0, 1, 1e6}, 1000, {2, 1, 0});  // e^1000 offspring; extinct with probability 1/2
  EXPECT_NEAR(logs[0], std::log(0.5), 1e-12);
  EXPECT_NEAR(logs[1], -1000 + std::log(0.25), 1e-9);
  EXPECT_NEAR(logs[2], -1000 + std::log(0.25), 1e-8);
}

TEST(BirthDeathTransition, TheChainRuleHolds) {
  const Process p{0.4, 0.3, 0.5};
  const auto first = logTransitions(50, upTo(600), 0.8, p);
  for (double j : {20.0, 55.0, 90.0}) {
    double sum = 0;
    for (int k = 0; k < 600; ++k) sum += std::exp(first[k] + logTransitions(k, {j}, 1.1, p)[0]);
    EXPECT_NEAR(std::log(sum), logTransitions(50, {j}, 1.9, p)[0], 1e-11);
  }
}

TEST(BirthDeathTransition, LargeCountsKeepTheirAccuracy) {
  const Process p{1.0, 1.0, 0};  // near 1e6 the law is close to normal of variance 2 t i; checked by its own normalisation
  std::vector<double> js;
  for (double j = 1e6 - 60000; j <= 1e6 + 60000; ++j) js.push_back(j);
  double sum = 0;
  for (double l : logTransitions(1e6, js, 30, p)) sum += std::exp(l);
  EXPECT_NEAR(sum, 1, 1e-7);
}

TEST(BirthDeathTransition, ImpossibleIsMinusInfinityAndBadIsNan) {
  EXPECT_EQ(logTransitions(3, {2, 4, 3}, 1, {0.5, 0, 0})[0], -INFINITY);
  EXPECT_EQ(logTransitions(3, {4}, 1, {0, 0.5, 0})[0], -INFINITY);
  EXPECT_EQ(logTransitions(0, {1}, 1, {0.5, 0.5, 0})[0], -INFINITY);
  EXPECT_EQ(logTransitions(0, {0}, 1, {0.5, 0.5, 0})[0], 0);
  EXPECT_EQ(logTransitions(3, {3}, 0, {0.5, 0.5, 1})[0], 0);
  EXPECT_EQ(logTransitions(3, {4}, 0, {0.5, 0.5, 1})[0], -INFINITY);
  for (const Process bad : {Process{-1, 0.5, 0}, {0.5, -1, 0}, {0.5, 0.5, -1}, {double(NAN), 0.5, 0}, {0.5, INFINITY, 0}})
    EXPECT_TRUE(std::isnan(logTransitions(3, {4}, 1, bad)[0]));
  for (double j : {-1.0, 2.5, double(NAN), double(INFINITY)}) EXPECT_TRUE(std::isnan(logTransitions(3, {j}, 1, {0.5, 0.5, 1})[0]));
  for (double t : {-1.0, double(NAN)}) EXPECT_TRUE(std::isnan(logTransitions(3, {3}, t, {0.5, 0.5, 1})[0]));
}

// ---- simulators -----------------------------------------------------------------------------------------------------

double scoreAgainstTransition(const std::vector<double>& counts, double i, double t, Process p) {
  const int cells = 400;
  const auto logs = logTransitions(i, upTo(cells), t, p);
  std::vector<double> seen(cells + 1), expected(cells + 1);
  double covered = 0;
  for (int j = 0; j < cells; ++j) covered += expected[j] = counts.size() * std::exp(logs[j]);
  expected[cells] = std::fmax(0, counts.size() - covered);
  for (double count : counts) seen[count < cells ? int(count) : cells] += 1;
  return chiSquareScore(seen, expected);
}

std::vector<double> steps(double n, double t, Process p, int rows) {
  std::vector<std::uint32_t> key = {21, 4};
  std::vector<double> start = {n}, time = {t}, birth = {p.birth}, death = {p.death}, immigration = {p.immigration}, out(rows);
  EXPECT_EQ(RowRunner("birthDeathStep").shared(key).shared(start).shared(time).shared(birth).shared(death).shared(immigration)
                .operand(out, 1).integers({0}).run(rows), "");
  return out;
}

struct Paths {
  std::vector<double> counts, events;
};
Paths paths(double n, std::vector<double> times, Process p, int rows, double maxEvents = 1e9, int piece = 1 << 30) {
  std::vector<std::uint32_t> key = {22, 4};
  std::vector<double> start = {n}, rates = {p.birth, p.death, p.immigration};
  Paths out{std::vector<double>(rows * times.size()), std::vector<double>(rows)};
  EXPECT_EQ(RowRunner("birthDeathEvents").shared(key).shared(start).shared(times).shared(rates).operand(out.counts, std::int64_t(times.size()))
                .operand(out.events, 1).integers({0}).numbers({maxEvents}).run(rows, piece), "");
  return out;
}

TEST(BirthDeathStep, FollowsTheTransitionProbabilities) {
  for (const Process p : processes)
    for (double n : {0.0, 1.0, 12.0}) EXPECT_LT(scoreAgainstTransition(steps(n, 1.1, p, 60000), n, 1.1, p), 5) << n << " at " << p.birth;
}

TEST(BirthDeathEvents, FollowTheTransitionProbabilitiesAtEveryObservation) {
  const std::vector<double> times = {0.2, 0.2, 1.1, 3.0};
  for (const Process p : processes)
    for (double n : {0.0, 12.0}) {
      const int rows = 40000;
      const Paths got = paths(n, times, p, rows);
      for (std::size_t k = 0; k < times.size(); ++k) {
        std::vector<double> counts(rows);
        for (int r = 0; r < rows; ++r) counts[r] = got.counts[r * times.size() + k];
        EXPECT_LT(scoreAgainstTransition(counts, n, times[k], p), 5) << n << " at " << p.birth << " time " << times[k];
      }
      for (int r = 0; r < rows; ++r) ASSERT_EQ(got.counts[4 * r], got.counts[4 * r + 1]);  // the same instant
    }
}

TEST(BirthDeathEvents, CountsEveryEvent) {
  const Process p{0, 0, 5};  // a Poisson process: events are arrivals
  const Paths got = paths(0, {2.0, 4.0}, p, 1000);
  double sum = 0;
  for (int r = 0; r < 1000; ++r) {
    EXPECT_EQ(got.events[r], got.counts[2 * r + 1]);
    sum += got.events[r];
  }
  EXPECT_NEAR(sum / 1000, 20, 5 * std::sqrt(20 / 1000.0));
}

TEST(BirthDeathEvents, PathsDoNotDependOnHowRowsAreSharedOut) {
  const Process p{0.4, 0.35, 0.7};
  const Paths whole = paths(9, {0.5, 1.5, 4}, p, 501);
  for (int piece : {1, 3, 100}) {
    const Paths pieces = paths(9, {0.5, 1.5, 4}, p, 501, 1e9, piece);
    EXPECT_EQ(whole.counts, pieces.counts);
    EXPECT_EQ(whole.events, pieces.events);
  }
}

TEST(BirthDeathEvents, StopAtTheMostEventsAllowed) {
  const int rows = 200;
  const Process p{1, 0.2, 1};
  const Paths all = paths(10, {1, 2, 3}, p, rows), capped = paths(10, {1, 2, 3}, p, rows, 75);
  int stopped = 0;
  for (int r = 0; r < rows; ++r) {
    const bool over = all.events[r] > 75;
    stopped += over;
    EXPECT_EQ(capped.events[r], over ? 75 : all.events[r]);
    EXPECT_EQ(std::isnan(capped.counts[3 * r + 2]), over);
    for (int k = 0; k < 3; ++k)
      if (!std::isnan(capped.counts[3 * r + k])) {
        EXPECT_EQ(capped.counts[3 * r + k], all.counts[3 * r + k]);
      }
  }
  EXPECT_GT(stopped, rows / 2);
  EXPECT_LT(stopped, rows);
}

TEST(BirthDeathEvents, BadInputGivesNan) {
  const auto isNan = [](const Paths& got) { return std::isnan(got.counts[0]) && std::isnan(got.counts[1]) && std::isnan(got.events[0]); };
  EXPECT_TRUE(isNan(paths(-1, {1, 2}, {1, 1, 1}, 1)));
  EXPECT_TRUE(isNan(paths(1.5, {1, 2}, {1, 1, 1}, 1)));
  EXPECT_TRUE(isNan(paths(1, {1, 2}, {-1, 1, 1}, 1)));
  EXPECT_TRUE(isNan(paths(1, {1, 2}, {1, NAN, 1}, 1)));
  EXPECT_TRUE(isNan(paths(1, {2, 1}, {1, 1, 1}, 1)));
  EXPECT_TRUE(isNan(paths(1, {-1, 1}, {1, 1, 1}, 1)));
  EXPECT_TRUE(std::isnan(steps(-1, 1, {1, 1, 1}, 1)[0]));
  EXPECT_TRUE(std::isnan(steps(1, -1, {1, 1, 1}, 1)[0]));
  EXPECT_EQ(steps(5, 0, {1, 1, 1}, 1)[0], 5);
}

}  // namespace
