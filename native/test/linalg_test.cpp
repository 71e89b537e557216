// Factorisations by their defining products, sorting against the standard library, gathers against loops.
#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>

#include "row_runner.hpp"

namespace {

using credence::test::RowRunner;

template <class T>
std::vector<T> normals(std::size_t count, unsigned seed) {
  std::mt19937 engine(seed);
  std::normal_distribution<double> normal;
  std::vector<T> out(count);
  for (T& x : out) x = T(normal(engine));
  return out;
}

// A A^T + n I for each row.
template <class T>
std::vector<T> positiveDefinite(int rows, int n, unsigned seed) {
  const auto a = normals<T>(std::size_t(rows) * n * n, seed);
  std::vector<T> out(a.size());
  for (int r = 0; r < rows; ++r)
    for (int i = 0; i < n; ++i)
      for (int j = 0; j < n; ++j) {
        double sum = i == j ? n : 0;
        for (int k = 0; k < n; ++k) sum += double(a[(r * n + i) * n + k]) * double(a[(r * n + j) * n + k]);
        out[(r * n + i) * n + j] = T(sum);
      }
  return out;
}

template <class T>
void expectFactorisation(double tolerance) {
  for (int n : {1, 2, 3, 7, 16, 40, 65}) {
    const int rows = 3, m = n == 7 ? 5 : 1;
    auto a = positiveDefinite<T>(rows, n, n);
    std::vector<T> l(a.size());
    ASSERT_EQ(RowRunner("cholesky").operand(a, n * n).operand(l, n * n).integers({n}).run(rows), "");
    for (int r = 0; r < rows; ++r)
      for (int i = 0; i < n; ++i)
        for (int j = 0; j < n; ++j) {
          double product = 0;
          for (int k = 0; k < n; ++k) product += double(l[(r * n + i) * n + k]) * double(l[(r * n + j) * n + k]);
          ASSERT_NEAR(product, a[(r * n + i) * n + j], tolerance * n * n);
          if (j > i) {
            ASSERT_EQ(l[(r * n + i) * n + j], 0);
          }
        }
    auto b = normals<T>(std::size_t(rows) * n * m, 100 + n);
    std::vector<T> x(b.size());
    for (int transpose : {0, 1}) {
      ASSERT_EQ(RowRunner("triangularSolve").operand(l, n * n).operand(b, n * m).operand(x, n * m).integers({n, m, transpose}).run(rows), "");
      for (int r = 0; r < rows; ++r)
        for (int i = 0; i < n; ++i)
          for (int c = 0; c < m; ++c) {
            double product = 0;
            for (int k = 0; k < n; ++k) product += double(l[(r * n + (transpose ? k : i)) * n + (transpose ? i : k)]) * x[(r * n + k) * m + c];
            ASSERT_NEAR(product, b[(r * n + i) * m + c], tolerance * n) << n << " transpose " << transpose;
          }
    }
  }
}
TEST(Linalg, CholeskyAndItsSolvesReproduceTheirInputs) {
  expectFactorisation<double>(1e-14);
  expectFactorisation<float>(1e-5);
}

TEST(Linalg, AMatrixThatIsNotPositiveDefiniteGivesNanInItsRowAlone) {
  std::vector<double> a = {1, 2, 2, 1, /* good */ 4, 2, 2, 5, /* NaN */ NAN, 0, 0, 1}, l(12);
  EXPECT_EQ(RowRunner("cholesky").operand(a, 4).operand(l, 4).integers({2}).run(3), "");
  for (int i : {0, 1, 2, 3, 8, 9, 10, 11}) EXPECT_TRUE(std::isnan(l[i]));
  EXPECT_EQ(std::vector<double>(l.begin() + 4, l.begin() + 8), (std::vector<double>{2, 0, 1, 2}));
}

template <class T>
void expectSorted(std::vector<T> x) {
  const std::int64_t n = std::int64_t(x.size());
  std::vector<T> y(n);
  std::vector<std::int32_t> index(n), expected(n);
  ASSERT_EQ(RowRunner("sort").operand(x, n).operand(y, n).operand(index, n).run(1), "");
  std::iota(expected.begin(), expected.end(), 0);
  std::stable_sort(expected.begin(), expected.end(), [&](int a, int b) { return x[a] < x[b] || (std::isnan(x[b]) && !std::isnan(x[a])); });
  ASSERT_EQ(index, expected);
  for (std::int64_t i = 0; i < n; ++i) ASSERT_TRUE(y[i] == x[index[i]] || (std::isnan(y[i]) && std::isnan(x[index[i]])));
}
TEST(Sort, IsStableAndPutsNanLast) {
  for (int n : {0, 1, 2, 15, 16, 17, 100, 5000}) {
    expectSorted(normals<float>(n, n));
    auto ties = normals<double>(n, n + 1);
    for (double& x : ties) x = std::round(2 * x);
    expectSorted(ties);
    for (int i = 0; i < n; i += 3) ties[i] = NAN;
    expectSorted(ties);
    std::vector<double> ascending(n), organ(n);
    for (int i = 0; i < n; ++i) ascending[i] = i, organ[i] = std::min(i, n - i);
    expectSorted(ascending);
    expectSorted(organ);
    std::reverse(ascending.begin(), ascending.end());
    expectSorted(ascending);
    expectSorted(std::vector<double>(n, 7));
  }
}

TEST(Cumsum, RunsFromEitherEnd) {
  std::vector<double> x = {1, 2, 3, 4, 10, 20, 30, 40}, y(8);
  EXPECT_EQ(RowRunner("cumsum").operand(x, 4).operand(y, 4).integers({0}).run(2), "");
  EXPECT_EQ(y, (std::vector<double>{1, 3, 6, 10, 10, 30, 60, 100}));
  EXPECT_EQ(RowRunner("cumsum").operand(x, 4).operand(y, 4).integers({1}).run(2), "");
  EXPECT_EQ(y, (std::vector<double>{10, 9, 7, 4, 100, 90, 70, 40}));
}

TEST(Gather, PicksSlicesOfEveryWidth) {
  std::vector<std::int32_t> index = {2, 0, 2};
  std::vector<double> f64 = {0, 1, 10, 11, 20, 21}, outF64(6);
  EXPECT_EQ(RowRunner("gather").operand(f64, 6).operand(index, 3).operand(outF64, 6).integers({3, 2}).run(1), "");
  EXPECT_EQ(outF64, (std::vector<double>{20, 21, 0, 1, 20, 21}));
  std::vector<std::int32_t> i32 = {5, 6, 7}, outI32(3);
  EXPECT_EQ(RowRunner("gather").operand(i32, 3).operand(index, 3).operand(outI32, 3).integers({3, 1}).run(1), "");
  EXPECT_EQ(outI32, (std::vector<std::int32_t>{7, 5, 7}));
  std::vector<std::uint8_t> bits = {1, 0, 1, 0}, outBits(3);
  EXPECT_EQ(RowRunner("gather").operand(bits, 4).operand(index, 3).operand(outBits, 3).integers({4, 1}).run(1), "");
  EXPECT_EQ(outBits, (std::vector<std::uint8_t>{1, 1, 1}));
}

TEST(Gather, AnIndexOutsideTheTableFailsTheRun) {
  std::vector<float> table(10), out(2);
  for (std::int32_t bad : {12, -1, 10}) {
    std::vector<std::int32_t> index = {3, bad};
    const std::string expected = "gather: index " + std::to_string(bad) + " is outside [0, 10)";
    EXPECT_EQ(RowRunner("gather").operand(table, 10).operand(index, 2).operand(out, 2).integers({10, 1}).run(1), expected);
    EXPECT_EQ(RowRunner("scatterAdd").operand(index, 2).operand(out, 2).operand(table, 10).integers({10, 1}).run(1),
              "scatterAdd: index " + std::to_string(bad) + " is outside [0, 10)");
  }
}

TEST(Gather, ScatterAddIsItsTranspose) {
  std::vector<std::int32_t> index = {1, 1, 3};
  std::vector<double> x = {1, 2, 10, 20, 100, 200}, out(8, -1.0);
  EXPECT_EQ(RowRunner("scatterAdd").operand(index, 3).operand(x, 6).operand(out, 8).integers({4, 2}).run(1), "");
  EXPECT_EQ(out, (std::vector<double>{0, 0, 11, 22, 0, 0, 100, 200}));
}

TEST(Gather, MismatchedLengthsAreRefused) {
  std::vector<float> table(9), out(2);
  std::vector<std::int32_t> index(2);
  EXPECT_EQ(RowRunner("gather").operand(table, 9).operand(index, 2).operand(out, 2).integers({10, 1}).check(1),
            "gather: table must have rows of 10, got 9");
  EXPECT_EQ(RowRunner("gather").operand(index, 2).operand(index, 2).operand(out, 2).integers({2, 1}).check(1), "gather: table must be f32, got i32");
}

}  // namespace
