// Factorisations and eigenvectors by the products that define them.
#include <algorithm>
#include <cmath>
#include <random>

#include "row_runner.hpp"

namespace credence::test {
namespace {

template <class T>
std::vector<T> normals(std::size_t count, unsigned seed) {
  std::mt19937 engine(seed);
  std::normal_distribution<double> normal;
  std::vector<T> out(count);
  for (T& x : out) x = T(normal(engine));
  return out;
}

template <class T>
void expectSolutions(double tolerance) {
  for (const int n : {1, 2, 3, 7, 16, 40}) {  // the large elements lie beside the diagonal: every step exchanges rows
    const int rows = 3, m = n == 7 ? 5 : 1;
    auto a = normals<T>(rows * n * n, n);
    for (int r = 0; r < rows; ++r)
      for (int i = 0; i < n; ++i) a[(r * n + i) * n + (i + 1) % n] += T(2 * n);
    std::vector<T> lu(a.size());
    std::vector<std::int32_t> pivots(rows * n);
    ASSERT_EQ(RowRunner("lu").operand(a, n * n).operand(lu, n * n).operand(pivots, n).integers({n}).run(rows), "");
    auto b = normals<T>(rows * n * m, 100 + n);
    std::vector<T> x(b.size());
    for (const int transpose : {0, 1}) {
      ASSERT_EQ(RowRunner("luSolve").operand(a, n * n).operand(lu, n * n).operand(pivots, n).operand(b, n * m).operand(x, n * m)
                    .integers({n, m, transpose}).run(rows), "");
      for (int r = 0; r < rows; ++r)
        for (int i = 0; i < n; ++i)
          for (int c = 0; c < m; ++c) {
            double product = 0;
            for (int k = 0; k < n; ++k) product += double(a[(r * n + (transpose ? k : i)) * n + (transpose ? i : k)]) * x[(r * n + k) * m + c];
            ASSERT_NEAR(product, b[(r * n + i) * m + c], tolerance * n) << n << " transpose " << transpose;
          }
    }
  }
}
TEST(Lu, SolvesWithTheMatrixAndItsTranspose) {
  expectSolutions<double>(1e-14);
  expectSolutions<float>(1e-5);
}

// Determinants by cofactors.
TEST(Lu, GivesTheDeterminantWithItsSign) {
  std::vector<double> a = {2, -1, 0.5, 3, 0.25, 1, -1, 4, 2, /* odd exchange */ 0, 1, 0, 1, 0, 0, 0, 0, 3, /* singular */ 1, 2, 3, 2, 4, 6, 1, 1, 1}, lu(27), sign(3), log(3);
  std::vector<std::int32_t> pivots(9);
  ASSERT_EQ(RowRunner("lu").operand(a, 9).operand(lu, 9).operand(pivots, 3).integers({3}).run(3), "");
  ASSERT_EQ(RowRunner("luLogDeterminant").operand(a, 9).operand(lu, 9).operand(pivots, 3).operand(sign, 1).operand(log, 1).integers({3}).run(3), "");
  EXPECT_EQ(sign, (std::vector<double>{1, -1, 0}));
  EXPECT_NEAR(log[0], std::log(6.125), 1e-14);  // 2 (0.5 - 4) + (6 + 1) + 0.5 (12 + 0.25)
  EXPECT_NEAR(log[1], std::log(3.0), 1e-15);
  EXPECT_EQ(log[2], -INFINITY);
}

TEST(Lu, APivotOutsideTheMatrixFailsTheRun) {
  std::vector<double> a(4, 1.0), b(2), x(2);
  std::vector<std::int32_t> pivots = {1, 2};
  EXPECT_EQ(RowRunner("luSolve").operand(a, 4).operand(a, 4).operand(pivots, 2).operand(b, 2).operand(x, 2).integers({2, 1, 0}).run(1),
            "luSolve: index 2 is outside [0, 2)");
}

template <class T>
void expectEigen(std::vector<T> a, int n, double tolerance) {
  std::vector<T> values(n), vectors(n * n), work(2 * n);
  ASSERT_EQ(RowRunner("eigenSymmetric").operand(a, n * n).operand(values, n).operand(vectors, n * n).operand(work, 2 * n).integers({n}).run(1), "");
  double size = 0;
  for (const T x : a) size = std::max(size, std::fabs(double(x)));
  ASSERT_TRUE(std::is_sorted(values.begin(), values.end()));
  for (int i = 0; i < n; ++i)
    for (int j = 0; j < n; ++j) {
      double product = 0, inner = 0;
      for (int k = 0; k < n; ++k) {
        product += double(vectors[i * n + k]) * values[k] * vectors[j * n + k];
        inner += double(vectors[k * n + i]) * vectors[k * n + j];
      }
      ASSERT_NEAR(product, a[i * n + j], tolerance * n * size) << n;
      ASSERT_NEAR(inner, i == j, tolerance * n) << n;
    }
  for (int j = 0; j < n; ++j) {
    int largest = 0;
    for (int k = 0; k < n; ++k)
      if (std::fabs(vectors[k * n + j]) > std::fabs(vectors[largest * n + j])) largest = k;
    ASSERT_GT(vectors[largest * n + j], 0);
  }
}

template <class T>
void expectEigenOfAll(double tolerance) {
  for (const int n : {1, 2, 3, 5, 8, 9, 10, 17, 40, 65}) {
    auto a = normals<T>(n * n, n);
    for (int i = 0; i < n; ++i)
      for (int j = 0; j < i; ++j) a[i * n + j] = a[j * n + i];
    expectEigen(a, n, tolerance);
    for (T& x : a) x *= T(1e30);  // whose squares overflow f32
    expectEigen(a, n, tolerance);
    for (T& x : a) x *= T(0);
    expectEigen(a, n, tolerance);
    for (int i = 0; i < n; ++i) a[i * n + i] = T(i % 3);  // repeated values, nothing beside the diagonal
    expectEigen(a, n, tolerance);
    for (int i = 0; i < n * n; ++i) a[i] = T(1);  // rank 1
    expectEigen(a, n, tolerance);
    for (int i = 0; i < n; ++i)  // graded over 15 orders
      for (int j = 0; j < n; ++j) a[i * n + j] = T(std::pow(10.0, -15.0 * std::max(i, j) / n));
    expectEigen(a, n, tolerance);
  }
}
TEST(Eigen, VectorsDiagonaliseTheMatrixByBothMethods) {
  expectEigenOfAll<double>(1e-15);
  expectEigenOfAll<float>(6e-7);
}

// The second difference matrix of side n has the eigenvalues 2 - 2 cos(pi k / (n + 1)), k = 1 ... n.
TEST(Eigen, FindsValuesKnownInClosedForm) {
  for (const int n : {6, 50}) {
    std::vector<double> a(n * n), values(n), vectors(n * n), work(2 * n);
    for (int i = 0; i < n; ++i) {
      a[i * n + i] = 2;
      if (i > 0) a[i * n + i - 1] = a[(i - 1) * n + i] = -1;
    }
    ASSERT_EQ(RowRunner("eigenSymmetric").operand(a, n * n).operand(values, n).operand(vectors, n * n).operand(work, 2 * n).integers({n}).run(1), "");
    for (int k = 0; k < n; ++k) EXPECT_NEAR(values[k], 2 - 2 * std::cos(std::acos(-1.0) * (k + 1) / (n + 1)), 1e-14);
  }
}

TEST(Eigen, AMatrixThatIsNotFiniteGivesNanInItsRowAlone) {
  std::vector<double> a = {1, 0, 0, NAN, 2, 1, 1, 2, INFINITY, 0, 0, 1}, values(6), vectors(12), work(12);
  ASSERT_EQ(RowRunner("eigenSymmetric").operand(a, 4).operand(values, 2).operand(vectors, 4).operand(work, 4).integers({2}).run(3), "");
  EXPECT_NEAR(values[2], 1, 1e-15);
  EXPECT_NEAR(values[3], 3, 1e-15);
  for (const int i : {0, 1, 4, 5}) EXPECT_TRUE(std::isnan(values[i]));
}

}  // namespace
}  // namespace credence::test
