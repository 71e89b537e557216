// Transforms against their definition in long double, for every kind of length.
#include <credence/fft.hpp>

#include <random>

#include "fourier_table.hpp"
#include "row_runner.hpp"

namespace credence::test {
namespace {

// Smooth lengths of every radix and of both numbers of passes; primes and products with primes, through m.
struct Length {
  std::int64_t n, m;
};
const Length lengths[] = {{1, 0}, {2, 0}, {3, 0}, {4, 0}, {5, 0}, {6, 0}, {8, 0}, {12, 0}, {15, 0}, {16, 0}, {27, 0}, {60, 0}, {64, 0}, {100, 0}, {125, 0}, {128, 0},
                          {360, 0}, {625, 0}, {1024, 0}, {1, 1}, {7, 15}, {7, 16}, {11, 24}, {13, 25}, {97, 200}, {98, 200}, {101, 405}, {499, 1000}};

std::vector<double> normals(std::size_t count, unsigned seed) {
  std::mt19937 engine(seed);
  std::normal_distribution<double> normal;
  std::vector<double> values(count);
  for (double& x : values) x = normal(engine);
  return values;
}

// Distance over length, in the Euclidean norm.
struct Error {
  long double difference = 0, size = 0;
  void add(Wide got, Wide want) {
    difference += std::norm(got - want);
    size += std::norm(want);
  }
  // Roundings of random sign grow as the root of the number of passes; the stated bound grows as their number.
  template <class T>
  void expectSmall(std::int64_t n, const char* what) const {
    const long double unit = std::is_same_v<T, float> ? 6e-8L : 1.2e-16L;
    EXPECT_LE(std::sqrt(difference / size), unit * (1 + std::log2(static_cast<long double>(n)))) << what << " of length " << n;
  }
};

template <class T>
std::vector<T> rounded(const std::vector<double>& x) {
  return std::vector<T>(x.begin(), x.end());
}

template <class T>
void expectComplex() {
  const std::int64_t rows = 3;
  for (const auto [n, m] : lengths)
    for (const int backwards : {0, 1}) {
      auto re = rounded<T>(normals(rows * n, 1)), im = rounded<T>(normals(rows * n, 2)), table = fourierTableOf<T>(n, m);
      std::vector<T> outRe(rows * n), outIm(rows * n), work(rows * fourierWork(n, m));
      ASSERT_EQ(RowRunner("fft").operand(re, n).operand(im, n).shared(table).operand(outRe, n).operand(outIm, n).operand(work, fourierWork(n, m))
                    .integers({int(n), int(m), backwards, 1}).numbers({0.5}).run(rows), "");
      for (std::int64_t r = 0; r < rows; ++r) {
        std::vector<Wide> x(n);
        for (std::int64_t j = 0; j < n; ++j) x[j] = {0.5L * re[r * n + j], 0.5L * im[r * n + j]};
        const std::vector<Wide> want = transformOf(x, backwards ? 1 : -1);
        Error error;
        for (std::int64_t k = 0; k < n; ++k) error.add({outRe[r * n + k], outIm[r * n + k]}, want[k]);
        error.expectSmall<T>(m == 0 ? n : m * m, m == 0 ? "fft" : "fft through m");  // two transforms of length m
      }
    }
}
TEST(Fft, IsTheSumThatDefinesIt) {
  expectComplex<double>();
  expectComplex<float>();
}

// Real lengths whose complex transform has each of the lengths above: twice as long, or as long if odd.
template <class F>
void forEachRealLength(F f) {
  for (const auto [n, m] : lengths) {
    f(2 * n, m);
    if (n % 2 == 1) f(n, m);
  }
}

template <class T>
void expectReal() {
  const std::int64_t rows = 2;
  forEachRealLength([](std::int64_t n, std::int64_t m) {
    const std::int64_t half = n / 2 + 1, work = realWork(n, m);
    auto x = rounded<T>(normals(rows * n, 3)), table = realTableOf<T>(n, m);
    std::vector<T> re(rows * half), im(rows * half), buffer(rows * work);
    ASSERT_EQ(RowRunner("rfft").operand(x, n).shared(table).operand(re, half).operand(im, half).operand(buffer, work)
                  .integers({int(n), int(m)}).numbers({1.5, 0.5}).run(rows), "");
    for (std::int64_t r = 0; r < rows; ++r) {
      const std::vector<Wide> want = transformOf(std::vector<Wide>(x.begin() + r * n, x.begin() + (r + 1) * n));
      Error error;
      for (std::int64_t k = 0; k < half; ++k)
        error.add({re[r * half + k], im[r * half + k]}, want[k] * (k == 0 || 2 * k == n ? 1.5L : 0.5L));
      error.expectSmall<T>(n * std::max<std::int64_t>(m, 1), "rfft");
    }

    auto spectrumRe = rounded<T>(normals(rows * half, 4)), spectrumIm = rounded<T>(normals(rows * half, 5));
    std::vector<T> y(rows * n);
    ASSERT_EQ(RowRunner("irfft").operand(spectrumRe, half).operand(spectrumIm, half).shared(table).operand(y, n).operand(buffer, work)
                  .integers({int(n), int(m)}).numbers({0.25, 2}).run(rows), "");
    std::vector<Wide> turns(n);
    for (std::int64_t k = 0; k < n; ++k) turns[k] = turn(k, n, 1);
    for (std::int64_t r = 0; r < rows; ++r) {
      Error error;
      for (std::int64_t j = 0; j < n; ++j) {
        Wide sum = 0;
        for (std::int64_t k = 0; k < half; ++k)
          sum += Wide(spectrumRe[r * half + k], spectrumIm[r * half + k]) * turns[j * k % n] * (k == 0 || 2 * k == n ? 0.25L : 2.0L);
        error.add(y[r * n + j], sum.real());
      }
      error.expectSmall<T>(n * std::max<std::int64_t>(m, 1), "irfft");
    }
  });
}
TEST(Fft, OfRealNumbersIsItsFirstHalfAndTheReverseItsSum) {
  expectReal<double>();
  expectReal<float>();
}

TEST(Fft, ALongOneKeepsItsAccuracy) {
  const std::int64_t n = 1 << 18, tone = 12345;
  std::vector<float> re(n), im(n), table(2 * n), outRe(n), outIm(n), work(2 * n);
  for (std::int64_t j = 0; j < n; ++j) {
    re[j] = float(turn(j * tone, n, 1).real());
    im[j] = float(turn(j * tone, n, 1).imag());
    table[j] = float(turn(j, n, 1).real());
    table[n + j] = float(turn(j, n, 1).imag());
  }
  ASSERT_EQ(RowRunner("fft").operand(re, n).operand(im, n).shared(table).operand(outRe, n).operand(outIm, n).operand(work, 2 * n)
                .integers({int(n), 0, 0, 1}).numbers({1.0 / double(n)}).run(1), "");
  Error error;
  for (std::int64_t k = 0; k < n; ++k) error.add({outRe[k], outIm[k]}, k == tone ? 1 : 0);
  error.expectSmall<float>(n, "a pure tone");
}

// Each of 3 or 16 columns is the transform of its numbers alone: the same operations, so the same bits but for fused roundings.
TEST(Fft, TransformsColumnsAsRows) {
  for (const auto [n, m] : lengths)
    for (const int columns : {3, 16}) {
      const std::int64_t size = n * columns, work = fourierWork(n, m);
      auto re = normals(size, 1), im = normals(size, 2), table = fourierTableOf<double>(n, m);
      std::vector<double> outRe(size), outIm(size), buffer(work * columns), rowRe(size), rowIm(size);
      for (std::int64_t k = 0; k < n; ++k)
        for (int c = 0; c < columns; ++c) rowRe[c * n + k] = re[k * columns + c], rowIm[c * n + k] = im[k * columns + c];
      std::vector<double> wantRe(size), wantIm(size);
      ASSERT_EQ(RowRunner("fft").operand(re, size).operand(im, size).shared(table).operand(outRe, size).operand(outIm, size).operand(buffer, work * columns)
                    .integers({int(n), int(m), 0, columns}).numbers({2}).run(1), "");
      ASSERT_EQ(RowRunner("fft").operand(rowRe, n).operand(rowIm, n).shared(table).operand(wantRe, n).operand(wantIm, n).operand(buffer, work)
                    .integers({int(n), int(m), 0, 1}).numbers({2}).run(columns), "");
      Error error;
      for (std::int64_t k = 0; k < n; ++k)
        for (int c = 0; c < columns; ++c) error.add({outRe[k * columns + c], outIm[k * columns + c]}, {wantRe[c * n + k], wantIm[c * n + k]});
      error.expectSmall<double>(n, "columns");
    }
}

TEST(Fft, RefusesLengthsThatItCannotTake) {
  std::vector<double> x(7), table(60), out(7), work(60);
  const auto check = [&](std::vector<std::int32_t> integers, std::int64_t tableLength, std::int64_t workLength) {
    return RowRunner("fft").operand(x, 7).operand(x, 7).operand(table, tableLength).operand(out, 7).operand(out, 7).operand(work, workLength)
        .integers(std::move(integers)).numbers({1}).check(1);
  };
  EXPECT_EQ(check({7, 0, 0, 1}, 14, 14), "fft: the length = 7 must have no prime factor above 5");
  EXPECT_EQ(check({7, 14, 0, 1}, 70, 56), "fft: m = 14 must have no prime factor above 5");
  EXPECT_EQ(check({7, 12, 0, 1}, 62, 48), "fft: m must be at least 13, got 12");
  EXPECT_EQ(check({7, 15, 0, 1}, 60, 60), "fft: table must have rows of 74, got 60");
  EXPECT_EQ(check({0, 0, 0, 1}, 0, 0), "fft: n must lie in [1, 2147483647], got 0");
  EXPECT_EQ(check({7, 15, 0, 0}, 74, 60), "fft: the number of columns must lie in [1, 2147483647], got 0");
  EXPECT_EQ(check({7, 15, 2, 1}, 74, 60), "fft: backwards must lie in [0, 1], got 2");
}

}  // namespace
}  // namespace credence::test
