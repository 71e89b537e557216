// Monotone rational-quadratic splines (Durkan, Bekasov, Murray, Papamakarios, "Neural spline flows", 2019).
//
// A row has 3K - 1 unconstrained parameters: K widths, K heights, K - 1 inner derivatives. With bound B,
//   width_k  = 2B (minWidth + (1 - K minWidth) softmax(widths)_k), heights alike; knots (X_k, Y_k) start at (-B, -B)
//   slope_k  = minDerivative + softplus(derivatives)_(k-1) at inner knots, 1 at both ends; the identity outside [-B, B]
// and inside bin k, with W, H its width and height, s = H / W, xi = (x - X) / W, q = xi (1 - xi), D = s + (d0 + d1 - 2 s) q:
//   y = Y + H (s xi^2 + d0 q) / D,   dy/dx = s^2 (d1 xi^2 + 2 s q + d0 (1 - xi)^2) / D^2
//
// Bodies run one row per lane. The parameters of a block of rows are first transposed, so that lane l of column c is
// parameter c of row l.
#pragma once

#include <credence/math.hpp>
#include <credence/row_block.hpp>

namespace credence {
inline namespace CREDENCE_ISA {

constexpr int splineBinMax = 64;

struct SplineShape {
  int bins;
  double bound, minWidth, minHeight, minDerivative;
};

CREDENCE_HD SplineShape splineShapeOf(const RowBlock& block) {
  return {block.integers[0], block.numbers[0], block.numbers[1], block.numbers[2], block.numbers[3]};
}

// ---- transposition -------------------------------------------------------------------------------------------------

#if !defined(__CUDACC__)
// In registers: log2(lanes) rounds, each exchanging blocks of `half` lanes between rows `half` apart.
template <class V, int half>
CREDENCE_HD void transposeRounds(V* rows) {
  if constexpr (half > 0) {
    constexpr int n = lanesOf<V>;
    using I = IntOf<V>;
    I low, high;
    for (int lane = 0; lane < n; ++lane) {
      const bool upper = (lane & half) != 0;
      low[lane] = upper ? n + lane - half : lane;
      high[lane] = upper ? n + lane : lane + half;
    }
    for (int base = 0; base < n; base += 2 * half)
      for (int i = base; i < base + half; ++i) {
        const V a = rows[i], b = rows[i + half];
        rows[i] = __builtin_shuffle(a, b, low);
        rows[i + half] = __builtin_shuffle(a, b, high);
      }
    transposeRounds<V, half / 2>(rows);
  }
}
#endif

// columns[c], lane l = element c of row r + l; idle lanes repeat the last row.
template <class V>
CREDENCE_HD void loadTransposed(const RowBlock& block, int operand, std::int64_t r, int count, int length, V* columns) {
  int c = 0;
#if !defined(__CUDACC__)
  constexpr int n = lanesOf<V>;
  if (isVector<V> && count == n && length >= n) {
    for (c = 0; c < length; c += n) {
      const int first = c + n <= length ? c : length - n;  // the last square overlaps the one before
      V square[n];
      for (int lane = 0; lane < n; ++lane) square[lane] = load<V>(block.at<ScalarOf<V>>(operand, r + lane) + first);
      transposeRounds<V, n / 2>(square);
      for (int i = 0; i < n; ++i) columns[first + i] = square[i];
    }
    return;
  }
#endif
  for (; c < length; ++c) columns[c] = loadColumn<V>(block, operand, r, count, c);
}

template <class V>
CREDENCE_HD void storeTransposed(const RowBlock& block, int operand, std::int64_t r, int count, int length, const V* columns) {
  int c = 0;
#if !defined(__CUDACC__)
  constexpr int n = lanesOf<V>;
  if (isVector<V> && count == n && length >= n) {
    for (c = 0; c < length; c += n) {
      const int first = c + n <= length ? c : length - n;
      V square[n];
      for (int i = 0; i < n; ++i) square[i] = columns[first + i];
      transposeRounds<V, n / 2>(square);
      for (int lane = 0; lane < n; ++lane) store<V>(block.at<ScalarOf<V>>(operand, r + lane) + first, square[lane]);
    }
    return;
  }
#endif
  for (; c < length; ++c) storeColumn<V>(block, operand, r, count, columns[c], c);
}

// ---- bins ------------------------------------------------------------------------------------------------------------

// The bins along one axis: exponentials of the parameters in place of them, and the scale that turns one into a length.
template <class V>
struct SplineAxis {
  V* exponentials;
  V scale;             // length_k = least + scale * exponentials[k]
  ScalarOf<V> least;
};

template <class V>
CREDENCE_HD SplineAxis<V> splineAxis(V* parameters, int bins, double bound, double minimum) {
  using S = ScalarOf<V>;
  V largest = parameters[0];
  for (int k = 1; k < bins; ++k) largest = select(parameters[k] > largest, parameters[k], largest);
  V total{};
  for (int k = 0; k < bins; ++k) {
    parameters[k] = math::exp<V>(parameters[k] - largest);
    total += parameters[k];
  }
  return {parameters, S(2 * bound * (1 - bins * minimum)) / total, S(2 * bound * minimum)};
}

// One bin of every lane: the integer vector `index`, knots and lengths on both axes, and the raw parameters of its slopes.
template <class V>
struct SplineBin {
  IntOf<V> index;
  V x, width, y, height, rawLeft, rawRight;
};

// Finds the bin of `position` along x (or along y, inverse), walking all bins: K is small and lanes agree on no one bin.
template <class V>
CREDENCE_HD SplineBin<V> findBin(const SplineAxis<V>& widths, const SplineAxis<V>& heights, const V* derivatives, int bins,
                                 double bound, V position, bool inverse) {
  using S = ScalarOf<V>;
  using I = ScalarOf<IntOf<V>>;
  V left = broadcast<V>(S(-bound)), bottom = left;
  SplineBin<V> bin{IntOf<V>{}, left, V{}, bottom, V{}, V{}, derivatives[0]};
  for (int k = 0; k < bins; ++k) {
    const V width = widths.least + widths.scale * widths.exponentials[k];
    const V height = heights.least + heights.scale * heights.exponentials[k];
    const Mask<V> beyond = position >= (inverse ? bottom : left);
    bin.x = select(beyond, left, bin.x);
    bin.width = select(beyond, width, bin.width);
    bin.y = select(beyond, bottom, bin.y);
    bin.height = select(beyond, height, bin.height);
    if (k > 0) {
      bin.index = select(beyond, broadcast<IntOf<V>>(I(k)), bin.index);
      bin.rawLeft = select(beyond, derivatives[k - 1], bin.rawLeft);
      bin.rawRight = select(beyond, derivatives[k < bins - 1 ? k : k - 1], bin.rawRight);
    }
    left += width;
    bottom += height;
  }
  return bin;
}

template <class V>
struct SplineSlopes {
  V left, right;
};
template <class V>
CREDENCE_HD SplineSlopes<V> slopesOf(const SplineBin<V>& bin, const SplineShape& shape) {
  using S = ScalarOf<V>;
  using I = ScalarOf<IntOf<V>>;
  const V one = broadcast<V>(S(1));
  const Mask<V> innerLeft = bin.index > I(0), innerRight = bin.index < I(shape.bins - 1);
  const S least = S(shape.minDerivative);
  return {select(innerLeft, V(math::softplus(bin.rawLeft) + least), one),
          select(innerRight, V(math::softplus(bin.rawRight) + least), one)};
}

// ---- the transform -----------------------------------------------------------------------------------------------------

template <class V>
struct SplineValue {
  V y, logDerivative;
};

template <class V>
struct WithinBin {
  V fraction, slope;
};

// Evaluates the spline of the transposed parameters (3K - 1 columns, overwritten) at x, or its inverse.
template <class V>
CREDENCE_HD SplineValue<V> evaluateSpline(const SplineShape& shape, V* parameters, V x, bool inverse) {
  using S = ScalarOf<V>;
  const int bins = shape.bins;
  const S bound = S(shape.bound);
  const Mask<V> inside = (x >= -bound) & (x <= bound);
  const auto widths = splineAxis<V>(parameters, bins, shape.bound, shape.minWidth);
  const auto heights = splineAxis<V>(parameters + bins, bins, shape.bound, shape.minHeight);
  const V position = select(inside, x, V{});
  const auto bin = findBin<V>(widths, heights, parameters + 2 * bins, bins, shape.bound, position, inverse);
  const auto slopes = slopesOf(bin, shape);

  const V s = bin.height / bin.width, curvature = slopes.left + slopes.right - S(2) * s;
  // At xi of the bin: the rise above Y as a fraction of H, and dy/dx.
  const auto within = [&](V xi) {
    const V rest = S(1) - xi, q = xi * rest, inverseD = S(1) / (s + curvature * q), ratio = s * inverseD;
    return WithinBin<V>{(s * xi * xi + slopes.left * q) * inverseD,
                        ratio * ratio * (slopes.right * xi * xi + S(2) * s * q + slopes.left * rest * rest)};
  };
  V xi;
  if (inverse) {  // the root of a xi^2 + b xi + c = 0 in [0, 1], in the form that does not cancel
    const V rise = position - bin.y, bend = rise * curvature;
    const V a = bin.height * (s - slopes.left) + bend, b = bin.height * slopes.left - bend, c = -s * rise;
    const V discriminant = b * b - S(4) * a * c;
    xi = math::clamp<V>(S(2) * c / (-b - math::sqrt<V>(select(discriminant > S(0), discriminant, V{}))), S(0), S(1));
    const WithinBin<V> found = within(xi);  // a Newton step: the discriminant cancels where the bin is nearly flat at one end
    xi -= (bin.height * found.fraction - rise) / (bin.width * found.slope);
  } else {
    xi = (position - bin.x) / bin.width;
  }
  xi = math::clamp<V>(xi, S(0), S(1));  // rounding may step out of the bin by an ulp
  const WithinBin<V> here = within(xi);
  const V logSlope = math::log(here.slope);
  const V y = inverse ? xi * bin.width + bin.x : bin.y + bin.height * here.fraction;
  return {select(inside, y, x), select(inside, inverse ? V(-logSlope) : logSlope, select(x == x, V{}, x))};
}

// Parameters (overwritten) become their cotangents, and x's is returned, given those of y and log dy/dx.
template <class V>
CREDENCE_HD V reverseSpline(const SplineShape& shape, V* parameters, V x, V yBar, V logDerivativeBar) {
  using S = ScalarOf<V>;
  using I = ScalarOf<IntOf<V>>;
  const int bins = shape.bins;
  const S bound = S(shape.bound);
  const Mask<V> inside = (x >= -bound) & (x <= bound);
  const auto widths = splineAxis<V>(parameters, bins, shape.bound, shape.minWidth);
  const auto heights = splineAxis<V>(parameters + bins, bins, shape.bound, shape.minHeight);
  const V position = select(inside, x, V{});
  const auto bin = findBin<V>(widths, heights, parameters + 2 * bins, bins, shape.bound, position, false);
  const auto slopes = slopesOf(bin, shape);

  // y = Y + H P / D and log dy/dx = 2 log s + log N - 2 log D, as above; _d marks derivatives by s, d0, d1 and xi.
  const V inverseWidth = S(1) / bin.width, s = bin.height * inverseWidth, curvature = slopes.left + slopes.right - S(2) * s;
  const V xi = math::clamp<V>((position - bin.x) * inverseWidth, S(0), S(1)), rest = S(1) - xi, q = xi * rest;
  const V inverseD = S(1) / (s + curvature * q);
  const V n = slopes.right * xi * xi + S(2) * s * q + slopes.left * rest * rest;
  const V fraction = (s * xi * xi + slopes.left * q) * inverseD;
  const V direct = select(inside, yBar, V{}), viaLog = select(inside, logDerivativeBar, V{});
  const V forP = direct * bin.height * inverseD, forN = viaLog / n;       // cotangents of P and N
  const V forD = -(forP * fraction + S(2) * viaLog * inverseD);           // and of D
  const V skew = S(1) - S(2) * xi;
  const V sBar = forP * xi * xi + forD * (S(1) - S(2) * q) + forN * (S(2) * q) + S(2) * viaLog / s;
  const V leftBar = forP * q + forD * q + forN * (rest * rest);
  const V rightBar = forD * q + forN * (xi * xi);
  const V xiBar = forP * (S(2) * s * xi + slopes.left * skew) + forD * (curvature * skew) +
                  forN * S(2) * (slopes.right * xi + s * skew - slopes.left * rest);

  const V xBar = xiBar * inverseWidth;
  const V widthBar = -(sBar * s + xiBar * xi) * inverseWidth, heightBar = direct * fraction + sBar * inverseWidth;
  const V knotXBar = -xBar, knotYBar = direct;

  // Softmax: parameter m gets share_m (lengthBar_m - sum of share_j lengthBar_j), and a knot is the sum of lengths before it.
  const V passed = convert<V>(bin.index);
  const auto weighted = [&](const SplineAxis<V>& axis, V knot, V length, V knotBar, V lengthBar, double minimum) {
    return (knotBar * (knot + bound - passed * axis.least) + lengthBar * (length - axis.least)) /
           S(2 * shape.bound * (1 - bins * minimum));
  };
  const V meanX = weighted(widths, bin.x, bin.width, knotXBar, widthBar, shape.minWidth);
  const V meanY = weighted(heights, bin.y, bin.height, knotYBar, heightBar, shape.minHeight);
  for (int m = 0; m < bins; ++m) {
    const Mask<V> before = bin.index > I(m), here = bin.index == I(m);
    const V lengthX = select(before, knotXBar, select(here, widthBar, V{}));
    const V lengthY = select(before, knotYBar, select(here, heightBar, V{}));
    parameters[m] = widths.scale * parameters[m] * (lengthX - meanX);
    parameters[bins + m] = heights.scale * parameters[bins + m] * (lengthY - meanY);
  }
  const V leftRawBar = leftBar * math::sigmoid(bin.rawLeft), rightRawBar = rightBar * math::sigmoid(bin.rawRight);
  for (int m = 0; m + 1 < bins; ++m)  // inner knot m + 1: left of bin m + 1, right of bin m
    parameters[2 * bins + m] = select(bin.index == I(m + 1), leftRawBar, select(bin.index == I(m), rightRawBar, V{}));
  return select(inside, xBar, yBar);
}

// rationalQuadratic(x, params[3K - 1]) -> y, logDerivative. integers [K, inverse], numbers [bound, minWidth, minHeight,
// minDerivative].
struct RationalQuadratic {
  template <class V>
  CREDENCE_HD_CALL static void lanes(const RowBlock& block, std::int64_t r, int count) {
    const SplineShape shape = splineShapeOf(block);
    V parameters[3 * splineBinMax];
    loadTransposed<V>(block, 1, r, count, 3 * shape.bins - 1, parameters);
    const auto value = evaluateSpline<V>(shape, parameters, loadColumn<V>(block, 0, r, count), block.integers[1] != 0);
    storeColumn<V>(block, 2, r, count, value.y);
    storeColumn<V>(block, 3, r, count, value.logDerivative);
  }
};

// rationalQuadraticReverse(x, params, yBar, logDerivativeBar) -> xBar, paramsBar
struct RationalQuadraticReverse {
  template <class V>
  CREDENCE_HD_CALL static void lanes(const RowBlock& block, std::int64_t r, int count) {
    const SplineShape shape = splineShapeOf(block);
    V parameters[3 * splineBinMax];
    loadTransposed<V>(block, 1, r, count, 3 * shape.bins - 1, parameters);
    const V xBar = reverseSpline<V>(shape, parameters, loadColumn<V>(block, 0, r, count), loadColumn<V>(block, 2, r, count),
                                    loadColumn<V>(block, 3, r, count));
    storeColumn<V>(block, 4, r, count, xBar);
    storeTransposed<V>(block, 5, r, count, 3 * shape.bins - 1, parameters);
  }
};

}  // namespace CREDENCE_ISA
}  // namespace credence
