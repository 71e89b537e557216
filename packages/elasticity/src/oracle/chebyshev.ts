import { concat, type Tensor } from "@credence/tensor";

/** Zeros of T_count, from -1 to 1: where to take values for `chebyshevCoefficients`. */
export const chebyshevPoints = (count: number): Float64Array =>
  Float64Array.from({ length: count }, (_, j) => -Math.cos((Math.PI * (j + 0.5)) / count));

/** The matrix, [count, count] by rows, that turns values at those points into coefficients of T_0 .. T_(count - 1). */
export function chebyshevCoefficients(count: number): Float64Array {
  const points = chebyshevPoints(count);
  return Float64Array.from({ length: count * count }, (_, at) => {
    const [k, j] = [Math.floor(at / count), at % count];
    return ((k === 0 ? 1 : 2) / count) * Math.cos(k * Math.acos(points[j]!));
  });
}

/** T_0 .. T_(count - 1) at x [n] in [-1, 1]: [n, count]. Traced. */
export function chebyshev(x: Tensor, count: number): Tensor {
  const rows = [x.mul(0).add(1), x];
  for (let k = 2; k < count; k++)
    rows.push(
      x
        .mul(2)
        .mul(rows[k - 1]!)
        .sub(rows[k - 2]!),
    );
  return concat(
    rows.slice(0, count).map((row) => row.expandDims(1)),
    1,
  );
}
