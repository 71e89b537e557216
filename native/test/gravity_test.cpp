// The field of prisms against the same antiderivatives in long double, with their textbook logarithms; invariants; and the cells of a
// mesh against prisms one by one.
#include <credence/gravity.hpp>

#include <algorithm>
#include <cmath>
#include <random>

#include "row_runner.hpp"

namespace credence::test {
namespace {

constexpr int none = 0, x = 1, z = 3, xx = 4, yy = 5, zz = 6;

// ---- the textbook, in long double -------------------------------------------------------------------------------------

using Real = long double;
Real logSum(Real a, Real b, Real c, Real r) {  // ln(a + r)
  if (r == 0) return 0;
  if (a >= 0) return logl(a + r);
  const Real across = b * b + c * c;
  return across > 0 ? logl(across / (r - a)) : -logl(-2 * a);
}
Real times(Real factor, Real value) { return factor == 0 ? 0 : factor * value; }
Real arcTangent(Real p, Real q) { return q == 0 ? 0 : atanl(p / q); }
Real plane(Real a, Real b, Real c, Real r) {
  return times(b, logSum(c, a, b, r)) + times(c, logSum(b, c, a, r)) - a * arcTangent(b * c, a * r);
}
Real antiderivative(int derivative, Real a, Real b, Real c) {
  const Real r = sqrtl(a * a + b * b + c * c);
  switch (FieldDerivative(derivative)) {
    case FieldDerivative::none:
      return times(a * b, logSum(c, a, b, r)) + times(b * c, logSum(a, b, c, r)) + times(c * a, logSum(b, c, a, r)) -
             (a * a * arcTangent(b * c, a * r) + b * b * arcTangent(c * a, b * r) + c * c * arcTangent(a * b, c * r)) / 2;
    case FieldDerivative::x: return -plane(a, b, c, r);
    case FieldDerivative::y: return -plane(b, c, a, r);
    case FieldDerivative::z: return -plane(c, a, b, r);
    case FieldDerivative::xx: return -arcTangent(b * c, a * r);
    case FieldDerivative::yy: return -arcTangent(c * a, b * r);
    case FieldDerivative::zz: return -arcTangent(a * b, c * r);
    case FieldDerivative::xy: return logSum(c, a, b, r);
    case FieldDerivative::xz: return logSum(b, c, a, r);
    default: return logSum(a, b, c, r);
  }
}
Real textbook(int derivative, const double* place, const double* prism) {
  Real sum = 0;
  for (int corner = 0; corner < 8; ++corner) {
    const int i = corner & 1, j = corner >> 1 & 1, k = corner >> 2;
    const Real term = antiderivative(derivative, Real(prism[i]) - place[0], Real(prism[2 + j]) - place[1], Real(prism[4 + k]) - place[2]);
    sum += (i + j + k) % 2 == 1 ? term : -term;
  }
  return sum;
}

// ---- the operations -----------------------------------------------------------------------------------------------------

template <class T = double>
std::vector<T> prismField(int derivative, std::vector<double> places, std::vector<double> prisms, int side = 0) {
  const std::int64_t rows = std::int64_t(places.size()) / 3, n = std::int64_t(prisms.size()) / 6;
  std::vector<T> field(std::size_t(rows * n), T(99));
  EXPECT_EQ(RowRunner("prismField").operand(places, 3).shared(prisms).operand(field, n).integers({derivative, side}).numbers({1}).run(rows), "");
  return field;
}
template <class T = double>
std::vector<T> meshField(int derivative, std::vector<double> places, std::vector<double> xs, std::vector<double> ys, std::vector<double> zs) {
  const int nx = int(xs.size()) - 1, ny = int(ys.size()) - 1, nz = int(zs.size()) - 1;
  const std::int64_t rows = std::int64_t(places.size()) / 3;
  std::vector<T> field(std::size_t(rows * nx * ny * nz), T(99));
  EXPECT_EQ(RowRunner("meshField").operand(places, 3).shared(xs).shared(ys).shared(zs).operand(field, nx * ny * nz).integers({derivative, nx, ny, nz}).numbers({1}).run(rows), "");
  return field;
}

TEST(PrismField, IsTheTextbookFormulaToTwelveDigits) {
  std::mt19937 engine(3);
  std::uniform_real_distribution<double> unit(-1, 1);
  for (int derivative = 0; derivative < fieldDerivativeCount; ++derivative) {
    std::vector<double> prisms, places;
    for (int p = 0; p < 21; ++p)
      for (int axis = 0; axis < 3; ++axis) {
        const double middle = 3 * unit(engine), half = 0.2 + std::fabs(unit(engine));
        prisms.insert(prisms.end(), {middle - half, middle + half});
      }
    for (int place = 0; place < 50; ++place)
      for (int axis = 0; axis < 3; ++axis) places.push_back(4 * unit(engine));
    const std::vector<double> field = prismField(derivative, places, prisms);
    const std::vector<float> single = prismField<float>(derivative, places, prisms);
    std::vector<Real> wanted;
    double scale = 0, error = 0;
    for (std::size_t at = 0; at < field.size(); ++at) {
      wanted.push_back(textbook(derivative, &places[at / 21 * 3], &prisms[at % 21 * 6]));
      scale = std::fmax(scale, double(fabsl(wanted[at])));
      EXPECT_EQ(single[at], float(field[at]));
    }
    // Relative to the value, or where the corners cancel to less, to a hundredth of the largest one.
    for (std::size_t at = 0; at < field.size(); ++at)
      error = std::fmax(error, double(fabsl(field[at] - wanted[at])) / std::fmax(scale / 100, double(fabsl(wanted[at]))));
    EXPECT_LT(error, 1e-12) << "derivative " << derivative << ", values to " << scale;
  }
}

TEST(PrismField, IsFiniteAtEveryCornerEdgeAndFaceAndContinuousThere) {
  const std::vector<double> prism = {-10, 10, -20, 20, -50, -10};
  std::vector<double> places, beside;
  for (const double a : {-30.0, -10.0, 0.0, 10.0, 30.0})
    for (const double b : {-30.0, -20.0, 0.0, 20.0, 30.0})
      for (const double c : {-90.0, -50.0, -30.0, -10.0, 0.0}) {
        places.insert(places.end(), {a, b, c});
        beside.insert(beside.end(), {a + 1e-9, b - 1e-9, c + 1e-9});
      }
  for (int derivative = 0; derivative < fieldDerivativeCount; ++derivative) {
    const std::vector<double> on = prismField(derivative, places, prism), off = prismField(derivative, beside, prism);
    for (std::size_t at = 0; at < on.size(); ++at) {
      EXPECT_TRUE(std::isfinite(on[at])) << "derivative " << derivative << ", place " << at;
      if (derivative <= z) {
        EXPECT_NEAR(on[at], off[at], 1e-6 * std::fmax(1, std::fabs(on[at])));
      }
    }
  }
}

TEST(PrismField, HasTheTraceOfPoissonsEquation) {
  const std::vector<double> prism = {-10, 10, -20, 20, -50, -10}, places = {2, -3, -22, 14, -23, -4, 0, 0, -80, 10, 3, -20};
  const double inside = -4 * M_PI, want[] = {inside, 0, 0, inside / 2};
  const std::vector<double> a = prismField(xx, places, prism), b = prismField(yy, places, prism), c = prismField(zz, places, prism);
  for (int place = 0; place < 4; ++place) EXPECT_NEAR(a[place] + b[place] + c[place], want[place], 1e-13);
}

TEST(PrismField, OfPlanesAddsUpToTheWholeOverEachAxis) {
  const std::vector<double> prism = {-1, 1, -0.8, 0.9, -1.2, 1.1}, places = {0.3, -0.2, 1.9};
  const double whole = prismField(x, places, prism)[0];
  for (const int side : {1, 3, 5}) EXPECT_NEAR(prismField(x, places, prism, side)[0] + prismField(x, places, prism, side + 1)[0], whole, 1e-14);
}

std::vector<double> planesFrom(double first, int cells, double step) {
  std::vector<double> planes;
  for (int i = 0; i <= cells; ++i) planes.push_back(first + step * (i + 0.02 * (i % 3)));
  return planes;
}

// Meshes of one tile, of several along either axis, and of single cells; places above, below, inside, on nodes, edges and faces.
TEST(MeshField, IsEachCellAsAPrism) {
  struct Cells {
    int nx, ny, nz;
  };
  for (const auto [nx, ny, nz] : {Cells{1, 1, 1}, {7, 5, 3}, {66, 3, 2}, {3, 700, 1}, {130, 40, 1}}) {
    const std::vector<double> xs = planesFrom(-20, nx, 10), ys = planesFrom(-30, ny, 10), zs = planesFrom(-40, nz, 10);
    std::vector<double> prisms;
    for (int k = 0; k < nz; ++k)
      for (int j = 0; j < ny; ++j)
        for (int i = 0; i < nx; ++i) prisms.insert(prisms.end(), {xs[i], xs[i + 1], ys[j], ys[j + 1], zs[k], zs[k + 1]});
    const std::vector<double> places = {3, 4, 20, -15, 1, -38, -22, -7, -100, xs[0], ys[1], zs[1], xs[1], 2, zs[0], 1, 2, zs[1]};
    for (int derivative = 0; derivative < fieldDerivativeCount; ++derivative) {
      const std::vector<double> cells = meshField(derivative, places, xs, ys, zs), want = prismField(derivative, places, prisms);
      ASSERT_EQ(cells.size(), want.size());
      // What rounds is an antiderivative, a number of degree 2 (1, 0 for first, second derivatives) in the distance; on an edge mixed
      // ones stand for infinity at about 230.
      const double distance = 20.0 * std::max({nx, ny, nz}) + 100;
      const double rounding = 2e-15 * (derivative == none ? distance * distance : derivative <= z ? distance : derivative <= zz ? 1 : 100);
      for (std::size_t at = 0; at < want.size(); ++at) ASSERT_NEAR(cells[at], want[at], rounding) << derivative << ", cell " << at << " of " << nx << " x " << ny << " x " << nz;
    }
    const std::vector<double> field = meshField(z, places, xs, ys, zs);
    const std::vector<float> single = meshField<float>(z, places, xs, ys, zs);
    for (std::size_t at = 0; at < field.size(); ++at) ASSERT_EQ(single[at], float(field[at]));
  }
}

TEST(MeshField, RefusesMeshesThatDoNotFit) {
  std::vector<double> place(3), planes(3), three(4), out(8);
  const auto check = [&](std::vector<std::int32_t> integers) {
    return RowRunner("meshField").operand(place, 3).shared(planes).shared(planes).shared(planes).operand(out, 8).integers(integers).numbers({1}).check(1);
  };
  EXPECT_EQ(check({3, 2, 2, 2}), "");
  EXPECT_EQ(check({10, 2, 2, 2}), "meshField: derivative must lie in [0, 9], got 10");
  EXPECT_EQ(check({3, 3, 2, 2}), "meshField: planes along x must have rows of 4, got 3");
  EXPECT_EQ(check({3, 0, 2, 2}), "meshField: nx must lie in [1, 2147483646], got 0");
  EXPECT_EQ(check({3, 1 << 20, 1 << 20, 2}), "meshField: more cells than an i32 counts");
  EXPECT_EQ(RowRunner("prismField").operand(place, 3).shared(three).operand(out, 1).integers({3, 7}).numbers({1}).check(1), "prismField: plane must lie in [0, 6], got 7");
}

}  // namespace
}  // namespace credence::test
