import { minimise } from "@credence/core";
import {
  array,
  cholesky,
  concat,
  constant,
  cos,
  exp,
  eye,
  logDeterminantTriangular,
  type NdArray,
  program,
  type Tensor,
  triangularSolve,
  vmap,
} from "@credence/tensor";
import { column } from "../body/body.ts";

/** A rectangle, [from, to] of x and of y. */
export type Rectangle = readonly [readonly [number, number], readonly [number, number]];

/** Cosines on a rectangle that hold a smooth random function of two coordinates. */
export interface CosineBasis {
  /** Squared frequency of each of k functions, 1 / mm^2. */
  readonly squares: Float64Array;
  /** Values [k, n] at points [n, 2]. Traced. */
  at(points: Tensor): Tensor;
}

/** A Gaussian process with a Matern 3/2 kernel, and independent noise. */
export interface Discrepancy {
  /** sd of the process. */
  readonly amplitude: number;
  /** Length scale, mm. */
  readonly lengthScale: number;
  /** sd of a reading about it. */
  readonly noise: number;
}

/**
 * Eigenfunctions of the Laplacian on a rectangle with free edges, down to half waves of `finest`. The sum of them with independent normal weights, of the variance that the
 * kernel's spectral density has at their frequency, is the Gaussian process, but for details finer than that and for the neighbourhood of the edges. Solin and Sarkka 2020,
 * "Hilbert space methods for reduced-rank Gaussian process regression".
 */
export function cosineBasis([x, y]: Rectangle, finest: number): CosineBasis {
  const extents = [x[1] - x[0], y[1] - y[0]];
  const counts = extents.map((extent) => Math.floor(extent / finest) + 1);
  const frequencies = extents.map((extent, k) => Float64Array.from({ length: counts[k]! }, (_, i) => (Math.PI * i) / extent));
  const along = (points: Tensor, k: number): Tensor => {
    const scale = Float64Array.from({ length: counts[k]! }, (_, i) => Math.sqrt((i === 0 ? 1 : 2) / extents[k]!));
    const from = column(points, k).sub([x, y][k]![0]);
    return cos(constant(frequencies[k]!).expandDims(1).mul(from)).mul(constant(scale).expandDims(1));
  };
  return {
    squares: Float64Array.from(Array.from(frequencies[0]!).flatMap((a) => Array.from(frequencies[1]!, (b) => a * a + b * b))),
    at: (points) =>
      along(points, 0)
        .expandDims(1)
        .mul(along(points, 1).expandDims(0))
        .reshape([counts[0]! * counts[1]!, points.shape[0]!]),
  };
}

/** Spectral density in two dimensions of amplitude^2 (1 + sqrt(3) r / l) exp(-sqrt(3) r / l): 6 pi 3^(3/2) amplitude^2 / l^3 (3 / l^2 + w^2)^(-5/2). Traced. */
function maternDensity(squares: Tensor, amplitude: Tensor, lengthScale: Tensor): Tensor {
  const scale = amplitude
    .square()
    .mul(6 * Math.PI * 3 ** 1.5)
    .div(lengthScale.pow(3));
  return squares.add(lengthScale.square().div(3).pow(-1)).pow(-2.5).mul(scale);
}

/** sd of each function's weight. */
export const weightSds = (basis: CosineBasis, { amplitude, lengthScale }: Discrepancy): Float64Array =>
  program((w: Tensor, a: Tensor, l: Tensor) => maternDensity(w, a, l).sqrt())(
    array(basis.squares),
    array(Float64Array.of(amplitude)),
    array(Float64Array.of(lengthScale)),
  ).data() as Float64Array;

export interface DiscrepancyOptions {
  readonly points: NdArray;
  /** Of one component, [n]. */
  readonly residuals: NdArray;
  /** What the fit has left open, [p, n]: such parts of the residuals are not held against the process. */
  readonly open: NdArray;
  readonly basis: CosineBasis;
  /** Held at this, mm, where it is given. */
  readonly lengthScale?: number;
  readonly signal?: AbortSignal;
}

/** The process and noise that maximise the evidence of residuals, by L-BFGS from two starts: a long and a short length scale. */
export async function fitDiscrepancy({
  points,
  residuals,
  open,
  basis,
  lengthScale: fixed,
  signal,
}: DiscrepancyOptions): Promise<Discrepancy> {
  const cancel = signal ? { signal } : {};
  const n = residuals.size;
  const p = open.shape[0]!;
  const rms = Math.sqrt((residuals.data() as Float64Array).reduce((sum, r) => sum + r * r, 0) / n);
  if (!(rms > 0)) throw new RangeError("fitDiscrepancy: all residuals are 0: there is neither noise nor discrepancy to find");
  const known = await program((x: Tensor, r: Tensor, o: Tensor) => {
    // Open directions of length 1 and residuals of size 1, so that all numbers are near 1.
    const columns = concat([o.div(o.square().mean(1, true).sqrt()), basis.at(x)], 0);
    const scaled = r.div(rms);
    return { gram: columns.matmul(columns.T), moment: columns.matmul(scaled.expandDims(1)).squeeze(1) };
  }).runAsync([points, residuals, open], cancel);
  const k = basis.squares.length;
  const logLoss = (z: Tensor): Tensor => {
    const [amplitude, free, noise] = [0, 1, 2].map((i) => exp(z.slice([i], [i + 1]))) as [Tensor, Tensor, Tensor];
    const lengthScale = fixed === undefined ? free : free.mul(0).add(fixed);
    const sds = maternDensity(constant(basis.squares), amplitude, lengthScale).sqrt();
    const scale = concat([constant(new Float64Array(p).fill(1)), sds], 0).div(noise);
    const prior = constant(Float64Array.from({ length: p + k }, (_, i) => Number(i >= p)));
    const precision = constant(known.gram)
      .mul(scale.expandDims(1))
      .mul(scale)
      .add(eye(p + k, "f64").mul(prior));
    const factor = cholesky(precision);
    const half = triangularSolve(factor, constant(known.moment).mul(scale));
    const misfit = noise.pow(-2).mul(n).sub(half.square().sum().div(noise.square())).mul(0.5);
    return misfit.sum().add(logDeterminantTriangular(factor)).add(z.index(2, 0).mul(n));
  };
  const starts = [
    [-0.5, Math.log(15), -0.2],
    [-1, Math.log(5), -0.1],
  ];
  const { position, value } = await minimise((rows) => vmap(logLoss)(rows), starts, { steps: 60, gradientTolerance: 1e-3, ...cancel });
  const best = value[0]! <= value[1]! ? 0 : 1;
  const [a, l, s] = Array.from(position.data().slice(3 * best, 3 * best + 3), Math.exp) as [number, number, number];
  return { amplitude: a * rms, lengthScale: fixed ?? l, noise: s * rms };
}
