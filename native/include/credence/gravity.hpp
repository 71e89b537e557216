// The field of a homogeneous body between planes, V = integral of 1 / |x - s| over the body, and its derivatives with respect to
// the place s up to the second: what gravity is, but for G times the density.
//
// Each is a triple difference over the corners of an antiderivative in x, y, z, counted from s (Nagy, Papp and Benedek, "The
// gravitational potential and its derivatives for the prism", 2000). Where the literature has ln(x + r), here stands
// atanh(x / r) = ln(x + r) - ln(y^2 + z^2) / 2: what is left out does not depend on x and goes in the difference. It is odd in x,
// so that nothing cancels on either side, below the body or inside it, and it does not grow with the unit of length.
// Where a logarithm or an arctangent has no value its factor is 0, but for second derivatives: on a face, where they jump, the
// arctangent of 0 gives the mean of both sides; on an edge mixed ones have no limit, and a large number is given.
#pragma once

#include <credence/math.hpp>
#include <credence/row_block.hpp>

namespace credence {

// The derivative with respect to the place, as an attribute of the operations.
enum class FieldDerivative : std::int32_t { none, x, y, z, xx, yy, zz, xy, xz, yz };
constexpr std::int32_t fieldDerivativeCount = 10;

inline namespace CREDENCE_ISA {

// ---- antiderivatives ------------------------------------------------------------------------------------------------

// atanh(a / r) with r^2 = a^2 + across, as ln((r + |a|)^2 / across) / 2; large where across is 0.
template <class V>
CREDENCE_HD V atanhOfQuotient(V a, V across, V r) {
  const V sum = r + math::abs(a);
  const auto [k, f] = math::splitLog<V>(sum * sum / math::atLeast<V>(across, 1e-200));
  return math::copySign<V>(0.5 * math::combineLog<V>(k, f, V{}), a);
}

// b atanh(c / r) + c atanh(b / r) - a atan(b c / (a r)): of 1 / r over b and c.
template <class V>
CREDENCE_HD V planeAntiderivative(V a, V b, V c, V aa, V bb, V cc, V r) {
  return b * atanhOfQuotient<V>(c, aa + bb, r) + c * atanhOfQuotient<V>(b, aa + cc, r) - a * math::atanOfQuotient<V>(b * c, a * r);
}

template <FieldDerivative derivative, class V>
CREDENCE_HD V fieldAntiderivative(V x, V y, V z) {
  const V xx = x * x, yy = y * y, zz = z * z, r = math::sqrt<V>(xx + yy + zz);
  if constexpr (derivative == FieldDerivative::none) {
    return x * y * atanhOfQuotient<V>(z, xx + yy, r) + y * z * atanhOfQuotient<V>(x, yy + zz, r) + z * x * atanhOfQuotient<V>(y, xx + zz, r) -
           0.5 * (xx * math::atanOfQuotient<V>(y * z, x * r) + yy * math::atanOfQuotient<V>(z * x, y * r) + zz * math::atanOfQuotient<V>(x * y, z * r));
  } else if constexpr (derivative == FieldDerivative::x) {
    return -planeAntiderivative<V>(x, y, z, xx, yy, zz, r);
  } else if constexpr (derivative == FieldDerivative::y) {
    return -planeAntiderivative<V>(y, z, x, yy, zz, xx, r);
  } else if constexpr (derivative == FieldDerivative::z) {
    return -planeAntiderivative<V>(z, x, y, zz, xx, yy, r);
  } else if constexpr (derivative == FieldDerivative::xx) {
    return -math::atanOfQuotient<V>(y * z, x * r);
  } else if constexpr (derivative == FieldDerivative::yy) {
    return -math::atanOfQuotient<V>(z * x, y * r);
  } else if constexpr (derivative == FieldDerivative::zz) {
    return -math::atanOfQuotient<V>(x * y, z * r);
  } else if constexpr (derivative == FieldDerivative::xy) {
    return atanhOfQuotient<V>(z, xx + yy, r);
  } else if constexpr (derivative == FieldDerivative::xz) {
    return atanhOfQuotient<V>(y, xx + zz, r);
  } else {
    return atanhOfQuotient<V>(x, yy + zz, r);
  }
}

// The derivative that an attribute names, as a function object: a loop over corners has no branch then.
template <FieldDerivative derivative, class V>
struct FieldAntiderivative {
  CREDENCE_HD V operator()(V x, V y, V z) const { return fieldAntiderivative<derivative, V>(x, y, z); }
};
#define CREDENCE_FIELD_DERIVATIVES(X) X(none) X(x) X(y) X(z) X(xx) X(yy) X(zz) X(xy) X(xz) X(yz)
template <class V, class F>
CREDENCE_HD void withAntiderivative(std::int32_t derivative, F f) {
  switch (FieldDerivative(derivative)) {
#define CREDENCE_CASE(name) \
  case FieldDerivative::name: return f(FieldAntiderivative<FieldDerivative::name, V>{});
    CREDENCE_FIELD_DERIVATIVES(CREDENCE_CASE)
#undef CREDENCE_CASE
  }
}

// ---- prisms ---------------------------------------------------------------------------------------------------------

// The corners of a body that count: all of them, or those in one of its six planes, which are what changes as that plane moves.
struct CornerRange {
  int begin[3] = {0, 0, 0}, end[3] = {2, 2, 2};

  CREDENCE_HD explicit CornerRange(std::int32_t plane) {
    if (plane == 0) return;
    const int axis = (plane - 1) / 2, side = (plane - 1) % 2;
    begin[axis] = side;
    end[axis] = side + 1;
  }
};

// The sum of the antiderivative over corners, with the signs of a triple difference; bounds as xMin, xMax, yMin, ... from the place.
template <class V, class Antiderivative>
CREDENCE_HD V cornerSum(const V (&bounds)[6], const CornerRange& corners, Antiderivative antiderivative) {
  V sum{};
  for (int i = corners.begin[0]; i < corners.end[0]; ++i)
    for (int j = corners.begin[1]; j < corners.end[1]; ++j)
      for (int k = corners.begin[2]; k < corners.end[2]; ++k) {
        const V term = antiderivative(bounds[i], bounds[2 + j], bounds[4 + k]);
        sum = (i + j + k) % 2 == 1 ? sum + term : sum - term;
      }
  return sum;
}

// prismField(place[3] = x, y, z; prisms[n, 6] = xMin, xMax, yMin, yMax, zMin, zMax) -> field[n], numbers[0] times the derivative
// integers[0] of the integral over each prism, or where integers[1] is not 0 what corners in that one of its planes contribute.
// Places and prisms are f64 always.
struct PrismField {
  // Element `at` of all rows one after the other, and as many after it as V has lanes: few prisms at many places fill vectors too.
  template <class V, class T, class Antiderivative>
  CREDENCE_HD static void elements(const RowBlock& block, std::int64_t at, std::int64_t count, Antiderivative antiderivative) {
    const std::int64_t n = block.operands[2].rowLength;
    V bounds[6];
    for (int lane = 0; lane < lanesOf<V>; ++lane) {
      const std::int64_t element = at + (lane < count ? lane : count - 1);
      const double *place = block.at<double>(0, element / n), *prism = block.at<double>(1, element / n) + 6 * (element % n);
      for (int side = 0; side < 6; ++side) setLane(bounds[side], lane, prism[side] - place[side / 2]);
    }
    const V field = block.numbers[0] * cornerSum<V>(bounds, CornerRange(block.integers[1]), antiderivative);
    for (int lane = 0; lane < lanesOf<V> && lane < count; ++lane) block.at<T>(2, (at + lane) / n)[(at + lane) % n] = T(laneOf(field, lane));
  }

  template <class V, class T>
  CREDENCE_HD_CALL static void range(const RowBlock& block, std::int64_t begin, std::int64_t end) {
    const std::int64_t n = block.operands[2].rowLength;
    withAntiderivative<V>(block.integers[0], [&](auto antiderivative) {
      for (std::int64_t at = begin * n; at < end * n; at += lanesOf<V>) elements<V, T>(block, at, end * n - at, antiderivative);
    });
  }
};

// ---- cells of a mesh --------------------------------------------------------------------------------------------------

// meshField(place[3]; x[nx + 1], y[ny + 1], z[nz + 1], ascending planes) -> field[nz, ny, nx] of the cells between them, as prismField.
// Cells share their corners: the antiderivative is taken once at each node, a plane of constant z at a time, and in tiles, so that
// what is kept of one plane for the next stays in the cache. integers: derivative, nx, ny, nz.
struct MeshField {
  static constexpr std::int64_t tileWidthMax = 64, tileNodesMax = 65 * 33;

  template <class V, class T>
  CREDENCE_HD_CALL static void range(const RowBlock& block, std::int64_t begin, std::int64_t end) {
    withAntiderivative<V>(block.integers[0], [&](auto antiderivative) {
      for (std::int64_t r = begin; r < end; ++r) cells<V, T>(block, r, antiderivative);
    });
  }

 private:
  template <class V, class T, class Antiderivative>
  CREDENCE_HD static void cells(const RowBlock& block, std::int64_t r, Antiderivative antiderivative) {
    const std::int64_t nx = block.integers[1], ny = block.integers[2];
    const std::int64_t tilesAcross = (nx + tileWidthMax - 1) / tileWidthMax;
    for (std::int64_t t = 0; t < tilesAcross; ++t) {
      const std::int64_t xBegin = nx * t / tilesAcross, xEnd = nx * (t + 1) / tilesAcross;
      const std::int64_t heightMax = tileNodesMax / (xEnd - xBegin + 1) - 1, tilesAlong = (ny + heightMax - 1) / heightMax;
      for (std::int64_t u = 0; u < tilesAlong; ++u) tile<V, T>(block, r, xBegin, xEnd, ny * u / tilesAlong, ny * (u + 1) / tilesAlong, antiderivative);
    }
  }

  template <class V, class T, class Antiderivative>
  CREDENCE_HD static void tile(const RowBlock& block, std::int64_t r, std::int64_t xBegin, std::int64_t xEnd, std::int64_t yBegin, std::int64_t yEnd,
                   Antiderivative antiderivative) {
    constexpr std::int64_t room = (tileNodesMax + lanesOf<V> - 1) / lanesOf<V> * lanesOf<V>;
    alignas(64) double xs[room], ys[room], nodes[room], below[room];
    const std::int64_t nx = block.integers[1], ny = block.integers[2], nz = block.integers[3], width = xEnd - xBegin, height = yEnd - yBegin;
    const double *place = block.at<double>(0, r), *x = block.at<double>(1, r), *y = block.at<double>(2, r), *z = block.at<double>(3, r);
    const double scale = block.numbers[0];
    std::int64_t count = 0;
    for (std::int64_t j = 0; j <= height; ++j)
      for (std::int64_t i = 0; i <= width; ++i, ++count) {
        xs[count] = x[xBegin + i] - place[0];
        ys[count] = y[yBegin + j] - place[1];
      }
    for (std::int64_t n = count; n % lanesOf<V> != 0; ++n) xs[n] = ys[n] = 1;  // lanes without a node
    for (std::int64_t k = 0; k <= nz; ++k) {
      const V up = broadcast<V>(z[k] - place[2]);
      for (std::int64_t n = 0; n < count; n += lanesOf<V>) store<V>(nodes + n, antiderivative(load<V>(xs + n), load<V>(ys + n), up));
      for (std::int64_t j = 0; j < height; ++j) {
        const double *south = nodes + j * (width + 1), *north = south + width + 1;
        double* kept = below + j * width;
        if (k == 0) {
          for (std::int64_t i = 0; i < width; ++i) kept[i] = (north[i + 1] - north[i]) - (south[i + 1] - south[i]);
          continue;
        }
        T* to = block.at<T>(4, r) + ((k - 1) * ny + yBegin + j) * nx + xBegin;
        for (std::int64_t i = 0; i < width; ++i) {
          const double face = (north[i + 1] - north[i]) - (south[i + 1] - south[i]);
          to[i] = T(scale * (face - kept[i]));
          kept[i] = face;
        }
      }
    }
  }
};

}  // namespace CREDENCE_ISA
}  // namespace credence
