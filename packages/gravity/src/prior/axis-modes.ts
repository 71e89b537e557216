import { array, asTensor, eigenSymmetric, type Tensor } from "@credence/tensor";

/** Standing waves of the cells between planes, with free ends: eigenvectors of the second difference. */
export interface AxisModes {
  /** Widths h of the n cells, metres. */
  readonly widths: Float64Array;
  /** Columns are modes, [n, n], orthonormal with the widths as weights: V^T diag(h) V = I. Traced. */
  vectors(): Tensor;
  /** Squared wave numbers mu, [n], per square metre; the first is 0. Traced. */
  squaredWaveNumbers(): Tensor;
}

/**
 * Modes along one axis: K v = mu diag(h) v with v^T K v = sum over faces of (v_(i+1) - v_i)^2 / (distance of the centres). For equal cells they are those of the
 * cosine transform (DCT-II), cos(pi k (i + 1/2) / n) with mu = 2 (1 - cos(pi k / n)) / h^2; for others, eigenvectors of a tridiagonal matrix.
 */
export function axisModes(planes: Float64Array): AxisModes {
  const n = planes.length - 1;
  const widths = Float64Array.from({ length: n }, (_, i) => planes[i + 1]! - planes[i]!);
  const step = (planes[n]! - planes[0]!) / n;
  return widths.every((h) => Math.abs(h - step) <= 1e-9 * step) ? cosineModes(widths, step) : generalModes(widths);
}

function cosineModes(widths: Float64Array, step: number): AxisModes {
  const n = widths.length;
  const vectors = array(
    Float64Array.from({ length: n * n }, (_, at) => {
      const [i, k] = [Math.floor(at / n), at % n];
      return Math.sqrt((k === 0 ? 1 : 2) / (n * step)) * Math.cos((Math.PI * k * (i + 0.5)) / n);
    }),
    { shape: [n, n] },
  );
  // 2 (1 - cos t) = 4 sin^2 (t / 2), which keeps its digits for small t.
  const squares = array(Float64Array.from({ length: n }, (_, k) => ((2 / step) * Math.sin((Math.PI * k) / (2 * n))) ** 2));
  return { widths, vectors: () => asTensor(vectors), squaredWaveNumbers: () => asTensor(squares) };
}

function generalModes(widths: Float64Array): AxisModes {
  const n = widths.length;
  // H^-1/2 K H^-1/2.
  const matrix = new Float64Array(n * n);
  for (let i = 0; i + 1 < n; i++) {
    const conductance = 2 / (widths[i]! + widths[i + 1]!);
    matrix[i * n + i]! += conductance / widths[i]!;
    matrix[(i + 1) * n + i + 1]! += conductance / widths[i + 1]!;
    const between = -conductance / Math.sqrt(widths[i]! * widths[i + 1]!);
    matrix[i * n + i + 1] = between;
    matrix[(i + 1) * n + i] = between;
  }
  const symmetric = array(matrix, { shape: [n, n] });
  const roots = array(widths.map(Math.sqrt), { shape: [n, 1] });
  return {
    widths,
    vectors: () => eigenSymmetric(symmetric)[1].div(roots),
    squaredWaveNumbers: () => eigenSymmetric(symmetric)[0].maximum(0), // the first is 0 up to rounding
  };
}
