// Discrete Fourier transforms of a row, X_k = sum_j x_j e^(-2 pi i j k / n), real and imaginary parts in arrays of their own.
//
// Lengths whose prime factors are 2, 3 and 5: passes of radix 4, 2, 3 and 5 from one buffer to another that leave the result
// in order (Stockham's; Swarztrauber, "FFT algorithms for vector computers", 1984). Any other length n: a convolution with a
// chirp in such a length m >= 2n - 1 (Bluestein, "A linear filtering approach to the computation of discrete Fourier
// transform", 1970). Sines and cosines are an operand, since whoever makes the plan knows them to the last bit once for all rows.
#pragma once

#include <credence/row_block.hpp>

namespace credence {

inline namespace CREDENCE_ISA {

// Whether n has no prime factor above 5.
CREDENCE_HD constexpr bool isSmooth(std::int64_t n) {
  if (n < 1) return false;
  while (n % 2 == 0) n /= 2;
  while (n % 3 == 0) n /= 3;
  while (n % 5 == 0) n /= 5;
  return n == 1;
}

// Sizes of a transform of length n through m (0: directly): its table, and the buffer that each column of it works in.
CREDENCE_HD constexpr std::int64_t fourierTable(std::int64_t n, std::int64_t m) { return m == 0 ? 2 * n : 4 * m + 2 * n; }
CREDENCE_HD constexpr std::int64_t fourierWork(std::int64_t n, std::int64_t m) { return m == 0 ? 2 * n : 4 * m; }
// Of a real transform: for even n one of half the length and e^(-2 pi i k / n) for k < n / 2, else one of the whole length.
CREDENCE_HD constexpr std::int64_t realTable(std::int64_t n, std::int64_t m) {
  return n % 2 == 0 ? fourierTable(n / 2, m) + n : fourierTable(n, m);
}
CREDENCE_HD constexpr std::int64_t realWork(std::int64_t n, std::int64_t m) {
  return n % 2 == 0 ? 2 * n + fourierWork(n / 2, m) : 4 * n + fourierWork(n, m);
}

template <class T>
struct Complexes {
  T *re, *im;
};

template <class T>
struct Complex {
  T re, im;
  CREDENCE_HD Complex operator+(Complex b) const { return {re + b.re, im + b.im}; }
  CREDENCE_HD Complex operator-(Complex b) const { return {re - b.re, im - b.im}; }
  CREDENCE_HD Complex operator*(Complex b) const { return {re * b.re - im * b.im, re * b.im + im * b.re}; }
  CREDENCE_HD Complex operator*(T s) const { return {re * s, im * s}; }
  CREDENCE_HD Complex turned() const { return {im, -re}; }  // times -i
};

// Transforms of one length, of `columns` interleaved rows at once: element k of column c is at k * columns + c. The table holds cos and sin of 2 pi k / N for k < N (N = m, or n where m is 0); then, for a
// chirp, cos and sin of pi k^2 / n for k < n, and the transform of the filter e^(i pi k^2 / n), wrapped around m, over m.
template <class T>
struct Fourier {
  std::int64_t n, m, columns;
  const T* table;
  T* work;

  // `out` is neither `in` nor `work`.
  CREDENCE_HD_CALL void forward(Complexes<const T> in, Complexes<T> out) const {
    if (m == 0) {
      const Complexes<T> other{work, work + n * columns};
      if (passCount(n) % 2 == 1) passes(n, in, out, other);
      else passes(n, in, other, out);
      for (std::int64_t c = 0; n == 1 && c < columns; ++c) out.re[c] = in.re[c], out.im[c] = in.im[c];
    } else {
      convolve(in, out);
    }
  }

 private:
  CREDENCE_HD static std::int64_t radixOf(std::int64_t n) { return n % 4 == 0 ? 4 : n % 2 == 0 ? 2 : n % 3 == 0 ? 3 : 5; }
  CREDENCE_HD_CALL static int passCount(std::int64_t n) {
    int count = 0;
    for (; n > 1; n /= radixOf(n)) ++count;
    return count;
  }

  // From `in` to `first`, from there to `second`, and so on; returns where the last pass wrote.
  CREDENCE_HD_CALL Complexes<T> passes(std::int64_t size, Complexes<const T> in, Complexes<T> first, Complexes<T> second) const {
    const std::int64_t period = size;
    std::int64_t stride = columns;
    while (size > 1) {
      const std::int64_t radix = radixOf(size);
      if (radix == 4) pass<4>(size, stride, period, in, first);
      else if (radix == 2) pass<2>(size, stride, period, in, first);
      else if (radix == 3) pass<3>(size, stride, period, in, first);
      else pass<5>(size, stride, period, in, first);
      size /= radix;
      stride *= radix;
      in = {first.re, first.im};
      const Complexes<T> swap = first;
      first = second;
      second = swap;
    }
    return second;
  }

  // `stride` interleaved transforms of length `size` become stride * R of length size / R.
  template <int R>
  CREDENCE_HD_CALL void pass(std::int64_t size, std::int64_t stride, std::int64_t period, Complexes<const T> in, Complexes<T> out) const {
    const std::int64_t step = size / R;
    const T* cosines = table;
    const T* sines = table + period;
    if (stride == 1) {
#if !defined(__CUDACC__)
#pragma GCC ivdep
#endif
      for (std::int64_t p = 0; p < step; ++p) {
        Complex<T> w[R];
        for (int k = 1; k < R; ++k) w[k] = {cosines[k * p], -sines[k * p]};
        column<R>(p, step, R * p, 1, w, in, out);
      }
      return;
    }
    const std::int64_t turnStep = stride / columns;
    for (std::int64_t p = 0; p < step; ++p) {
      Complex<T> w[R];
      for (int k = 1; k < R; ++k) w[k] = {cosines[k * p * turnStep], -sines[k * p * turnStep]};
#if !defined(__CUDACC__)
#pragma GCC ivdep
#endif
      for (std::int64_t q = 0; q < stride; ++q) column<R>(q + stride * p, stride * step, q + stride * R * p, stride, w, in, out);
    }
  }

  // R elements `inStep` apart, their transform times w, to R elements `outStep` apart.
  template <int R>
  CREDENCE_HD static void column(std::int64_t from, std::int64_t inStep, std::int64_t to, std::int64_t outStep, const Complex<T>* w,
                                 Complexes<const T> in, Complexes<T> out) {
    Complex<T> x[R], y[R];
    for (int k = 0; k < R; ++k) x[k] = {in.re[from + k * inStep], in.im[from + k * inStep]};
    butterfly(x, y);
    for (int k = 0; k < R; ++k) {
      put(out, to + k * outStep, k == 0 ? y[0] : y[k] * w[k]);
    }
  }

  CREDENCE_HD static void butterfly(const Complex<T> (&x)[2], Complex<T> (&y)[2]) {
    y[0] = x[0] + x[1];
    y[1] = x[0] - x[1];
  }
  CREDENCE_HD static void butterfly(const Complex<T> (&x)[3], Complex<T> (&y)[3]) {
    const Complex<T> sum = x[1] + x[2], turned = (x[1] - x[2]).turned() * T(0.86602540378443864676), middle = x[0] - sum * T(0.5);
    y[0] = x[0] + sum;
    y[1] = middle + turned;
    y[2] = middle - turned;
  }
  CREDENCE_HD static void butterfly(const Complex<T> (&x)[4], Complex<T> (&y)[4]) {
    const Complex<T> even = x[0] + x[2], odd = x[1] + x[3], evenLess = x[0] - x[2], oddLess = (x[1] - x[3]).turned();
    y[0] = even + odd;
    y[1] = evenLess + oddLess;
    y[2] = even - odd;
    y[3] = evenLess - oddLess;
  }
  CREDENCE_HD static void butterfly(const Complex<T> (&x)[5], Complex<T> (&y)[5]) {
    const T c1 = T(0.30901699437494742410), c2 = T(-0.80901699437494742410), s1 = T(0.95105651629515357212), s2 = T(0.58778525229247312917);
    const Complex<T> a = x[1] + x[4], b = x[2] + x[3], d = (x[1] - x[4]).turned(), e = (x[2] - x[3]).turned();
    const Complex<T> p = x[0] + a * c1 + b * c2, q = x[0] + a * c2 + b * c1, u = d * s1 + e * s2, v = d * s2 - e * s1;
    y[0] = x[0] + a + b;
    y[1] = p + u;
    y[2] = q + v;
    y[3] = q - v;
    y[4] = p - u;
  }

  // X_k = c_k (sum over j of (x_j c_j) / c_(k-j)) with the chirp c_k = e^(-i pi k^2 / n).
  CREDENCE_HD_CALL void convolve(Complexes<const T> in, Complexes<T> out) const {
    const T* cosines = table + 2 * m;
    const T* sines = cosines + n;
    const T* filter = sines + n;
    const std::int64_t size = m * columns;
    const Complexes<T> a{work, work + size}, b{work + 2 * size, work + 3 * size};
    for (std::int64_t k = 0, at = 0; k < n; ++k)
      for (std::int64_t c = 0; c < columns; ++c, ++at) put(a, at, Complex<T>{in.re[at], in.im[at]} * Complex<T>{cosines[k], -sines[k]});
    for (std::int64_t at = n * columns; at < size; ++at) put(a, at, {T(0), T(0)});
    const Complexes<T> spectrum = passes(m, {a.re, a.im}, b, a);
    for (std::int64_t k = 0, at = 0; k < m; ++k)
      for (std::int64_t c = 0; c < columns; ++c, ++at)
        put(spectrum, at, Complex<T>{spectrum.re[at], spectrum.im[at]} * Complex<T>{filter[k], filter[m + k]});
    // Backwards is forwards with the parts exchanged.
    const Complexes<T> free = spectrum.re == a.re ? b : a;
    const Complexes<T> result = passes(m, {spectrum.im, spectrum.re}, {free.im, free.re}, {spectrum.im, spectrum.re});
    for (std::int64_t k = 0, at = 0; k < n; ++k)
      for (std::int64_t c = 0; c < columns; ++c, ++at)
        put(out, at, Complex<T>{result.im[at], result.re[at]} * Complex<T>{cosines[k], -sines[k]});
  }

  CREDENCE_HD static void put(Complexes<T> to, std::int64_t at, Complex<T> value) {
    to.re[at] = value.re;
    to.im[at] = value.im;
  }
};

// fft(re[n, c], im[n, c], table) -> re[n, c], im[n, c], work: the transform of every column, or the one with
// e^(+2 pi i j k / n) where integers[2] is 1, times numbers[0]. integers: n, m, backwards, c.
struct Fft {
  template <class T>
  CREDENCE_HD_CALL static void row(const RowBlock& block, std::int64_t r, RowFailure&) {
    const std::int64_t n = block.integers[0], columns = block.integers[3];
    const bool backwards = block.integers[2] != 0;
    const int re = backwards ? 1 : 0, im = 1 - re;
    const Complexes<T> out{block.at<T>(3 + re, r), block.at<T>(3 + im, r)};
    Fourier<T>{n, block.integers[1], columns, block.at<T>(2, r), block.at<T>(5, r)}.forward({block.at<T>(re, r), block.at<T>(im, r)}, out);
    const T scale = T(block.numbers[0]);
    if (scale == T(1)) return;
    for (std::int64_t k = 0; k < n * columns; ++k) out.re[k] *= scale;
    for (std::int64_t k = 0; k < n * columns; ++k) out.im[k] *= scale;
  }
};

// What a real transform of length n has in common in both directions. Its table ends in cos, sin of 2 pi k / n for k < n / 2
// if n is even. numbers[0] multiplies X_0 and X_(n/2), which are real, and numbers[1] the others: with them each direction is
// the other's transpose.
template <class T>
struct RealFourier {
  std::int64_t n, half, m;
  T ends, inside;
  const T *table, *cosines, *sines;
  T *work, *buffer;  // 2n (even n) or 4n numbers of ours; what the complex transform works in

  CREDENCE_HD RealFourier(const RowBlock& block, std::int64_t r, int tableAt, int workAt)
      : n(block.integers[0]), half(n / 2), m(block.integers[1]), ends(T(block.numbers[0])), inside(T(block.numbers[1])) {
    table = block.at<T>(tableAt, r);
    cosines = table + fourierTable(half, m);
    sines = cosines + half;
    work = block.at<T>(workAt, r);
    buffer = work + (n % 2 == 0 ? 2 * n : 4 * n);
  }
  CREDENCE_HD Fourier<T> complex() const { return {n % 2 == 0 ? half : n, m, 1, table, buffer}; }
};

// rfft(x[n], table) -> re[n/2 + 1], im[n/2 + 1], work. integers: n, m.
struct Rfft {
  template <class T>
  CREDENCE_HD_CALL static void row(const RowBlock& block, std::int64_t r, RowFailure&) {
    const RealFourier<T> f(block, r, 1, 4);
    const T* x = block.at<T>(0, r);
    T *re = block.at<T>(2, r), *im = block.at<T>(3, r);
    if (f.n % 2 == 0) even(f, x, re, im);
    else odd(f, x, re, im);
  }

 private:
  template <class T>
  CREDENCE_HD_CALL static void odd(const RealFourier<T>& f, const T* x, T* re, T* im) {
    T *zero = f.work, *outRe = zero + f.n, *outIm = outRe + f.n;
    for (std::int64_t j = 0; j < f.n; ++j) zero[j] = T(0);
    f.complex().forward({x, zero}, {outRe, outIm});
    re[0] = outRe[0] * f.ends;
    im[0] = T(0);
    for (std::int64_t k = 1; k <= f.half; ++k) {
      re[k] = outRe[k] * f.inside;
      im[k] = outIm[k] * f.inside;
    }
  }

  // z_j = x_2j + i x_2j+1, whose transform holds those of the even and the odd elements: E_k = (Z_k + conj Z_(h-k)) / 2 and
  // O_k = -i (Z_k - conj Z_(h-k)) / 2. X_k = E_k + e^(-2 pi i k / n) O_k, and X_(h-k) = conj(E_k - e^(-2 pi i k / n) O_k).
  template <class T>
  CREDENCE_HD_CALL static void even(const RealFourier<T>& f, const T* x, T* re, T* im) {
    const std::int64_t h = f.half;
    T *packedRe = f.work, *packedIm = packedRe + h;
    for (std::int64_t j = 0; j < h; ++j) {
      packedRe[j] = x[2 * j];
      packedIm[j] = x[2 * j + 1];
    }
    f.complex().forward({packedRe, packedIm}, {re, im});
    const T first = re[0], second = im[0];
    re[0] = (first + second) * f.ends;
    re[h] = (first - second) * f.ends;
    im[0] = im[h] = T(0);
    const T scale = f.inside * T(0.5);
    for (std::int64_t k = 1; 2 * k <= h; ++k) {
      const Complex<T> z{re[k], im[k]}, mirrored{re[h - k], -im[h - k]};
      const Complex<T> e = (z + mirrored) * scale, o = (z - mirrored).turned() * scale * Complex<T>{f.cosines[k], -f.sines[k]};
      re[k] = e.re + o.re;
      im[k] = e.im + o.im;
      re[h - k] = e.re - o.re;
      im[h - k] = o.im - e.im;
    }
  }
};

// irfft(re[n/2 + 1], im[n/2 + 1], table) -> x[n], work: the sum over k of c_k (re_k cos(2 pi j k / n) - im_k sin(2 pi j k / n)),
// where c_k is numbers[0] for k = 0 and k = n/2, numbers[1] for the others. integers: n, m.
struct Irfft {
  template <class T>
  CREDENCE_HD_CALL static void row(const RowBlock& block, std::int64_t r, RowFailure&) {
    const RealFourier<T> f(block, r, 2, 4);
    const T *re = block.at<T>(0, r), *im = block.at<T>(1, r);
    T* x = block.at<T>(3, r);
    if (f.n % 2 == 0) even(f, re, im, x);
    else odd(f, re, im, x);
  }

 private:
  template <class T>
  CREDENCE_HD_CALL static void odd(const RealFourier<T>& f, const T* re, const T* im, T* x) {
    const T scale = f.inside * T(0.5);
    T *wholeRe = f.work, *wholeIm = wholeRe + f.n;
    wholeRe[0] = re[0] * f.ends;
    wholeIm[0] = T(0);
    for (std::int64_t k = 1; k <= f.half; ++k) {
      wholeRe[k] = wholeRe[f.n - k] = re[k] * scale;
      wholeIm[k] = im[k] * scale;
      wholeIm[f.n - k] = -wholeIm[k];
    }
    f.complex().forward({wholeIm, wholeRe}, {wholeIm + f.n, x});
  }

  // Rfft::even backwards: Z_k = X_k + conj X_(h-k) + i e^(2 pi i k / n) (X_k - conj X_(h-k)).
  template <class T>
  CREDENCE_HD_CALL static void even(const RealFourier<T>& f, const T* re, const T* im, T* x) {
    const std::int64_t h = f.half;
    const T scale = f.inside * T(0.5);
    T *packedRe = f.work, *packedIm = packedRe + h, *outRe = packedIm + h, *outIm = outRe + h;
    packedRe[0] = (re[0] + re[h]) * f.ends;
    packedIm[0] = (re[0] - re[h]) * f.ends;
    for (std::int64_t k = 1; k < h; ++k) {
      const Complex<T> a{re[k], im[k]}, mirrored{re[h - k], -im[h - k]};
      const Complex<T> e = (a + mirrored) * scale, o = (a - mirrored) * scale * Complex<T>{f.cosines[k], f.sines[k]};
      packedRe[k] = e.re - o.im;
      packedIm[k] = e.im + o.re;
    }
    f.complex().forward({packedIm, packedRe}, {outIm, outRe});
    for (std::int64_t j = 0; j < h; ++j) {
      x[2 * j] = outRe[j];
      x[2 * j + 1] = outIm[j];
    }
  }
};

}  // namespace CREDENCE_ISA
}  // namespace credence
