// The rational-quadratic spline against its definition in long double, finite differences and its own inverse.
#include <cmath>
#include <random>

#include "row_runner.hpp"

namespace {

using credence::test::RowRunner;
using Real = long double;

struct Shape {
  int bins;
  double bound = 3, minWidth = 1e-3, minHeight = 1e-3, minDerivative = 1e-3;
  std::vector<double> numbers() const { return {bound, minWidth, minHeight, minDerivative}; }
  int parameters() const { return 3 * bins - 1; }
};

struct Value {
  Real y, logDerivative;
  double thinness = 1;  // of the bin: the bound over its smaller side, by which rounding errors of knots grow
};

// The definition, as written in the paper.
Value reference(const Shape& shape, Real x, const Real* parameters) {
  if (!(fabsl(x) <= shape.bound)) return {x, 0};
  const int n = shape.bins;
  const auto knots = [&](const Real* raw, Real minimum) {
    Real total = 0, sum = 0;
    for (int k = 0; k < n; ++k) total += expl(raw[k]);
    std::vector<Real> out = {-Real(shape.bound)};
    for (int k = 0; k < n; ++k) {
      sum += minimum + (1 - minimum * n) * expl(raw[k]) / total;
      out.push_back(2 * shape.bound * sum - shape.bound);
    }
    return out;
  };
  const auto xs = knots(parameters, shape.minWidth), ys = knots(parameters + n, shape.minHeight);
  std::vector<Real> slopes = {1};
  for (int k = 0; k + 1 < n; ++k) slopes.push_back(shape.minDerivative + log1pl(expl(parameters[2 * n + k])));
  slopes.push_back(1);
  int k = 0;
  while (k + 1 < n && x >= xs[k + 1]) ++k;
  const Real width = xs[k + 1] - xs[k], height = ys[k + 1] - ys[k], s = height / width, xi = (x - xs[k]) / width;
  const Real left = slopes[k], right = slopes[k + 1], q = xi * (1 - xi), d = s + (left + right - 2 * s) * q;
  return {ys[k] + height * (s * xi * xi + left * q) / d,
          logl(s * s * (right * xi * xi + 2 * s * q + left * (1 - xi) * (1 - xi)) / (d * d)),
          shape.bound / double(fminl(width, height))};
}

template <class T>
struct Rows {
  std::vector<T> x, parameters;
};
template <class T>
Rows<T> randomRows(const Shape& shape, int rows, unsigned seed) {
  std::mt19937 engine(seed);
  std::normal_distribution<double> normal;
  Rows<T> out;
  for (int r = 0; r < rows; ++r) out.x.push_back(T(shape.bound * 0.6 * normal(engine)));
  for (int i = 0; i < rows * shape.parameters(); ++i) out.parameters.push_back(T(1.5 * normal(engine)));
  return out;
}

template <class T>
std::pair<std::vector<T>, std::vector<T>> transform(const Shape& shape, std::vector<T> x, std::vector<T>& parameters, bool inverse,
                                                    int piece = 1 << 30) {
  const int rows = int(x.size());
  std::vector<T> y(rows), logDerivative(rows);
  EXPECT_EQ(RowRunner("rationalQuadratic").operand(x, 1).operand(parameters, shape.parameters()).operand(y, 1).operand(logDerivative, 1)
                .integers({shape.bins, inverse}).numbers(shape.numbers()).run(rows, piece), "");
  return {y, logDerivative};
}

template <class T>
void expectDefinition(double tolerance) {
  for (int bins : {2, 3, 5, 8, 10, 16, 64}) {
    const Shape shape{bins};
    auto rows = randomRows<T>(shape, 1000, bins);
    rows.x[0] = 3, rows.x[1] = -3, rows.x[2] = T(3.5), rows.x[3] = -100;
    const auto [y, logDerivative] = transform(shape, rows.x, rows.parameters, false);
    for (int r = 0; r < 1000; ++r) {
      const std::vector<Real> row(rows.parameters.begin() + r * shape.parameters(), rows.parameters.begin() + (r + 1) * shape.parameters());
      const Value exact = reference(shape, rows.x[r], row.data());
      const double steep = std::exp(double(exact.logDerivative));  // knots carry rounding errors of their own
      ASSERT_NEAR(y[r], double(exact.y), 3 * tolerance * (1 + steep)) << bins << " bins, row " << r;
      // Next to a knot rounding may pick the other bin; the derivative is continuous there.
      ASSERT_NEAR(logDerivative[r], double(exact.logDerivative), 10 * tolerance * (1 + steep) * exact.thinness) << bins << " bins, row " << r;
    }
  }
}
TEST(Spline, FollowsItsDefinition) {
  expectDefinition<double>(1e-14);
  expectDefinition<float>(1e-6);
}

template <class T>
void expectInverse(double tolerance) {
  for (int bins : {2, 8, 10}) {
    const Shape shape{bins};
    auto rows = randomRows<T>(shape, 4000, 77 + bins);
    const auto [y, forward] = transform(shape, rows.x, rows.parameters, false);
    const auto [x, backward] = transform(shape, y, rows.parameters, true);
    for (int r = 0; r < 4000; ++r) {
      const double steep = std::exp(std::fabs(double(forward[r])));  // a flat stretch loses digits, in either direction
      ASSERT_NEAR(x[r], rows.x[r], 3 * tolerance * (1 + steep)) << bins << " bins, row " << r;
      ASSERT_NEAR(backward[r], -forward[r], 1000 * tolerance * (1 + steep)) << bins << " bins, row " << r;
    }
  }
}
TEST(Spline, InverseUndoesForwardAndNegatesTheLogDerivative) {
  expectInverse<double>(1e-14);
  expectInverse<float>(1e-6);
}

TEST(Spline, IsTheIdentityOutsideItsBoundAndKeepsNan) {
  const Shape shape{8};
  auto rows = randomRows<float>(shape, 4, 5);
  rows.x = {4, -3.5f, INFINITY, NAN};
  for (bool inverse : {false, true}) {
    const auto [y, logDerivative] = transform(shape, rows.x, rows.parameters, inverse);
    for (int r = 0; r < 3; ++r) {
      EXPECT_EQ(y[r], rows.x[r]);
      EXPECT_EQ(logDerivative[r], 0);
    }
    EXPECT_TRUE(std::isnan(y[3]) && std::isnan(logDerivative[3]));
  }
}

TEST(Spline, ReverseAgreesWithFiniteDifferences) {
  for (int bins : {2, 4, 10}) {
    const Shape shape{bins};
    const int rows = 60, n = shape.parameters();
    auto given = randomRows<double>(shape, rows, 3 + bins);
    given.x[0] = 5;  // outside
    std::mt19937 engine(9);
    std::normal_distribution<double> normal;
    std::vector<double> yBar(rows), logBar(rows), xBar(rows), parametersBar(rows * n);
    for (int r = 0; r < rows; ++r) yBar[r] = normal(engine), logBar[r] = normal(engine);
    ASSERT_EQ(RowRunner("rationalQuadraticReverse").operand(given.x, 1).operand(given.parameters, n).operand(yBar, 1).operand(logBar, 1)
                  .operand(xBar, 1).operand(parametersBar, n).integers({bins, 0}).numbers(shape.numbers()).run(rows), "");
    for (int r = 0; r < rows; ++r) {
      std::vector<Real> row(given.parameters.begin() + r * n, given.parameters.begin() + (r + 1) * n);
      const auto objective = [&](Real x) {
        const Value v = reference(shape, x, row.data());
        return yBar[r] * v.y + logBar[r] * v.logDerivative;
      };
      const Real h = 1e-6L;  // error of the difference: h^2 |f'''| + 1e-19 / h
      const Real x = given.x[r];
      ASSERT_NEAR(xBar[r], double((objective(x + h) - objective(x - h)) / (2 * h)), 1e-6 * (1 + std::fabs(xBar[r]))) << "x, row " << r;
      for (int i = 0; i < n; ++i) {
        const Real kept = row[i];
        row[i] = kept + h;
        const Real above = objective(x);
        row[i] = kept - h;
        const Real below = objective(x);
        row[i] = kept;
        const double got = parametersBar[r * n + i];
        ASSERT_NEAR(got, double((above - below) / (2 * h)), 1e-6 * (1 + std::fabs(got))) << bins << " bins, row " << r << ", parameter " << i;
      }
    }
  }
}

TEST(Spline, SinglePrecisionReverseAgreesWithDouble) {
  const Shape shape{10};
  const int rows = 2000, n = shape.parameters();
  auto narrow = randomRows<float>(shape, rows, 21);
  std::vector<double> x(narrow.x.begin(), narrow.x.end()), parameters(narrow.parameters.begin(), narrow.parameters.end());
  std::vector<float> barF32(rows, 1), xBarF32(rows), parametersBarF32(rows * n);
  std::vector<double> bar(rows, 1), xBar(rows), parametersBar(rows * n);
  const auto run = [&](auto& x, auto& parameters, auto& bar, auto& xBar, auto& parametersBar) {
    RowRunner("rationalQuadraticReverse").operand(x, 1).operand(parameters, n).operand(bar, 1).operand(bar, 1).operand(xBar, 1)
        .operand(parametersBar, n).integers({10, 0}).numbers(shape.numbers()).run(rows);
  };
  run(narrow.x, narrow.parameters, barF32, xBarF32, parametersBarF32);
  run(x, parameters, bar, xBar, parametersBar);
  // The second derivative of log dy/dx jumps at knots, so a row within rounding of one is not compared.
  int compared = 0;
  for (int r = 0; r < rows; ++r) {
    double scale = 1;
    for (int i = 0; i < n; ++i) scale = std::fmax(scale, std::fabs(parametersBar[r * n + i]));
    bool close = true;
    for (int i = 0; i < n; ++i) close &= std::fabs(parametersBarF32[r * n + i] - parametersBar[r * n + i]) < 1e-3 * scale;
    compared += close;
  }
  EXPECT_GE(compared, rows - 4);
}

TEST(Spline, RowsDoNotDependOnTheirPlaceInABlock) {
  const Shape shape{10};
  auto rows = randomRows<float>(shape, 333, 8);
  const auto whole = transform(shape, rows.x, rows.parameters, false), ones = transform(shape, rows.x, rows.parameters, false, 1),
             sevens = transform(shape, rows.x, rows.parameters, false, 7);
  EXPECT_EQ(whole, ones);
  EXPECT_EQ(whole, sevens);
}

TEST(Spline, ImpossibleShapesAreRefused) {
  std::vector<float> x(1), y(1), parameters(29);
  const auto check = [&](int bins, std::vector<double> numbers) {
    return RowRunner("rationalQuadratic").operand(x, 1).operand(parameters, 29).operand(y, 1).operand(y, 1).integers({bins, 0}).numbers(numbers).check(1);
  };
  EXPECT_EQ(check(10, {3, 1e-3, 1e-3, 1e-3}), "");
  EXPECT_EQ(check(9, {3, 1e-3, 1e-3, 1e-3}), "rationalQuadratic: params must have rows of 26, got 29");
  EXPECT_EQ(check(65, {3, 1e-3, 1e-3, 1e-3}), "rationalQuadratic: the number of bins must lie in [2, 64], got 65");
  EXPECT_EQ(check(10, {0, 1e-3, 1e-3, 1e-3}), "rationalQuadratic: bound must be > 0, got 0");
  EXPECT_EQ(check(10, {3, 0.1, 1e-3, 1e-3}), "rationalQuadratic: minWidth must lie in [0, 0.1), got 0.1");
  EXPECT_EQ(check(10, {NAN, 1e-3, 1e-3, 1e-3}), "rationalQuadratic: bound must lie in [0, inf), got nan");
}

}  // namespace
