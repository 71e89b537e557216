// The tables of native/include/credence/fft.hpp, in long double.
#pragma once

#include <cmath>
#include <complex>
#include <cstdint>
#include <vector>

namespace credence::test {

using Wide = std::complex<long double>;

// e^(sign 2 pi i k / n)
inline Wide turn(std::int64_t k, std::int64_t n, int sign) {
  const long double angle = 2 * acosl(-1.0L) * static_cast<long double>(k % n) / static_cast<long double>(n);
  return {cosl(angle), sign * sinl(angle)};
}

// By the definition: n^2 steps.
inline std::vector<Wide> transformOf(const std::vector<Wide>& x, int sign = -1) {
  const std::int64_t n = static_cast<std::int64_t>(x.size());
  std::vector<Wide> turns(x.size()), y(x.size());
  for (std::int64_t k = 0; k < n; ++k) turns[k] = turn(k, n, sign);
  for (std::int64_t k = 0; k < n; ++k)
    for (std::int64_t j = 0; j < n; ++j) y[k] += x[j] * turns[j * k % n];
  return y;
}

// The table of a transform of length n through m (0: directly).
template <class T>
std::vector<T> fourierTableOf(std::int64_t n, std::int64_t m) {
  std::vector<T> table;
  const std::int64_t period = m == 0 ? n : m;
  for (std::int64_t k = 0; k < period; ++k) table.push_back(T(turn(k, period, 1).real()));
  for (std::int64_t k = 0; k < period; ++k) table.push_back(T(turn(k, period, 1).imag()));
  if (m == 0) return table;
  for (std::int64_t k = 0; k < n; ++k) table.push_back(T(turn(k * k, 2 * n, 1).real()));
  for (std::int64_t k = 0; k < n; ++k) table.push_back(T(turn(k * k, 2 * n, 1).imag()));
  std::vector<Wide> filter(m);
  for (std::int64_t k = 0; k < n; ++k) filter[k] = filter[(m - k) % m] = turn(k * k, 2 * n, 1) / static_cast<long double>(m);
  filter = transformOf(filter);
  for (const Wide& f : filter) table.push_back(T(f.real()));
  for (const Wide& f : filter) table.push_back(T(f.imag()));
  return table;
}

template <class T>
std::vector<T> realTableOf(std::int64_t n, std::int64_t m) {
  if (n % 2 == 1) return fourierTableOf<T>(n, m);
  std::vector<T> table = fourierTableOf<T>(n / 2, m);
  for (std::int64_t k = 0; k < n / 2; ++k) table.push_back(T(turn(k, n, 1).real()));
  for (std::int64_t k = 0; k < n / 2; ++k) table.push_back(T(turn(k, n, 1).imag()));
  return table;
}

}  // namespace credence::test
