import { type Draws, Random } from "@credence/core";
import {
  arange,
  array,
  cholesky,
  concat,
  exp,
  expandDims,
  eye,
  log,
  logDeterminantTriangular,
  logSumExp,
  matmul,
  type NdArray,
  program,
  random,
  sqrt,
  type Tensor,
  triangularSolve,
} from "@credence/tensor";
import { drawsOf } from "./evaluate.ts";
import type { MultilevelModel } from "./multilevel.ts";

/** Points of the quadrature along log tau and along log sigma. */
const points = 161;
/** Where it begins to look, in units of the priors' spread; what lies below is a share of 1e-6 of the prior. */
const [lowest, highest] = [Math.log(1e-6), Math.log(6)];
/** Cells with less of the posterior than this are left out when the grid is drawn closer. */
const negligible = 1e-13;

/** Sums over the rows of each group: what the likelihood needs of them. */
interface Sums {
  /** Rows, [J]. */
  readonly n: NdArray;
  /** Sums of the columns of [1, x], [J, P]; P is 1 + D. */
  readonly columns: NdArray;
  /** Sums of y, [J]. */
  readonly y: NdArray;
  /** Sums over all rows of [1, x]^T [1, x], [P, P], of [1, x]^T y, [P], and of y². */
  readonly gram: NdArray;
  readonly cross: NdArray;
  readonly square: NdArray;
}

/**
 * Given (tau, sigma), one pair a row [G]: b = (mu, beta) is normal with precision P = sum_j X_j^T V_j^-1 X_j + I / c², where by Woodbury V_j^-1 =
 * (I - w_j 1 1^T) / sigma² and w_j = tau² / (sigma² + n_j tau²).
 */
function population(tau: Tensor, sigma: Tensor, s: { [K in keyof Sums]: Tensor }, coefficientSd: Tensor) {
  const noise = sigma.square();
  const own = s.n.mul(tau.square().expandDims(1)).add(noise.expandDims(1));
  const weight = tau.square().expandDims(1).div(own);
  const width = s.cross.shape[0]!;
  const outer = expandDims(s.columns, 2)
    .mul(expandDims(s.columns, 1))
    .reshape([s.n.shape[0]!, width * width]);
  const scaled = (t: Tensor): Tensor => t.div(noise.reshape([noise.shape[0]!, ...t.shape.slice(1).map(() => 1)]));
  const precision = scaled(s.gram.sub(matmul(weight, outer).reshape([noise.shape[0]!, width, width]))).add(
    eye(width, "f64").mul(coefficientSd.pow(-2)),
  );
  const right = scaled(s.cross.sub(matmul(weight.mul(s.y), s.columns)));
  const square = s.square.sub(weight.mul(s.y.square()).sum(1)).div(noise);
  const lower = cholesky(precision);
  const white = triangularSolve(lower, expandDims(right, 2)).squeeze(2);
  // log |V| = sum_j (n_j - 1) log sigma² + log(sigma² + n_j tau²)
  const logVolume = s.n.sub(1).sum().mul(log(noise)).add(log(own).sum(1));
  return { lower, white, square, logVolume };
}

const half = Math.log(2 / Math.PI) / 2;

/** The density over the grid of two axes of logarithms [points], and the log evidence. */
const overSpreads = program(
  (logTauAxis: Tensor, logSigmaAxis: Tensor, s: { [K in keyof Sums]: Tensor }, coefficientSd: Tensor, spread: Tensor) => {
    const cells = points * points;
    const logTau = expandDims(logTauAxis, 1).broadcastTo([points, points]).reshape([cells]);
    const logSigma = expandDims(logSigmaAxis, 0).broadcastTo([points, points]).reshape([cells]);
    const [tau, sigma] = [exp(logTau), exp(logSigma)];
    const { lower, white, square, logVolume } = population(tau, sigma, s, coefficientSd);
    const rows = s.n.sum();
    const width = s.cross.shape[0]!;
    const logLikelihood = logVolume
      .add(logDeterminantTriangular(lower).mul(2))
      .add(log(coefficientSd).mul(2 * width))
      .add(square)
      .sub(white.square().sum(1))
      .add(rows.mul(Math.log(2 * Math.PI)))
      .mul(-0.5);
    const halfNormal = (value: Tensor, logValue: Tensor): Tensor =>
      value.div(spread).square().mul(-0.5).add(half).sub(log(spread)).add(logValue);
    const density = logLikelihood.add(halfNormal(tau, logTau)).add(halfNormal(sigma, logSigma));
    const mass = logSumExp(density, 0);
    return { weights: exp(density.sub(mass)), logMass: mass };
  },
  { name: "multilevel: quadrature over two spreads" },
);

/** mu, beta and the intercepts given the spreads, as the model has its quantities: [n, 3 + D + J]. */
const givenSpreads = program(
  (tau: Tensor, sigma: Tensor, key: Tensor, s: { [K in keyof Sums]: Tensor }, coefficientSd: Tensor) => {
    const [count, groups, width] = [tau.shape[0]!, s.n.shape[0]!, s.cross.shape[0]!];
    const { lower, white } = population(tau, sigma, s, coefficientSd);
    const noise = random.normal(random.fold(key, 0), [count, width], { dtype: "f64" });
    const b = triangularSolve(lower, expandDims(white.add(noise), 2), { transpose: true }).squeeze(2);
    // intercept_j given b: residual sums about x beta, shrunk to mu.
    const mu = b.slice([0, 0], [undefined, 1]);
    const slopes = b.slice([0, 1], [undefined, undefined]);
    const residual = s.y.sub(matmul(slopes, s.columns.slice([0, 1], [undefined, undefined]).T));
    const [own, common] = [s.n.div(expandDims(sigma.square(), 1)), expandDims(tau.square().pow(-1), 1)];
    const precision = own.add(common);
    const centre = residual.div(expandDims(sigma.square(), 1)).add(mu.mul(common)).div(precision);
    const intercept = centre.add(random.normal(random.fold(key, 1), [count, groups], { dtype: "f64" }).div(sqrt(precision)));
    return concat([mu, expandDims(tau, 1), expandDims(sigma, 1), slopes, intercept], 1);
  },
  { name: "multilevel: quantities given the spreads" },
);

type Axis = { readonly low: number; readonly high: number };
type Axes = readonly [Axis, Axis];

const stepOf = ({ low, high }: Axis): number => (high - low) / (points - 1);
const axisOf = (axis: Axis): NdArray => array(Float64Array.from({ length: points }, (_, i) => axis.low + i * stepOf(axis)));

/** The box of cells that matter, and a cell more on every side. */
function closer(axes: Axes, mass: Float64Array): Axes {
  const along = (place: (cell: number) => number, axis: Axis): Axis => {
    let [first, last] = [points - 1, 0];
    mass.forEach((value, cell) => {
      if (value < negligible) return;
      first = Math.min(first, place(cell));
      last = Math.max(last, place(cell));
    });
    const step = stepOf(axis);
    return { low: axis.low + Math.max(0, first - 1) * step, high: axis.low + Math.min(points - 1, last + 1) * step };
  };
  return [along((cell) => Math.floor(cell / points), axes[0]), along((cell) => cell % points, axes[1])];
}

export interface MultilevelPosterior {
  /** log p(y), nats. */
  readonly logEvidence: number;
  /** Independent draws, as the model has its quantities. */
  sample(count: number, seed: number): Promise<Draws>;
}

/**
 * The posterior of `multilevelModel` by quadrature over its two spreads: given these everything is normal (Gelman et al. 2013, section 15.2). The trapezoid
 * rule over (log tau, log sigma) on a grid of 161 x 161 that is drawn closer until it just holds the posterior; there the integrand is smooth, and
 * the rule's error falls exponentially with the number of points.
 * @throws {RangeError} where the posterior reaches beyond the spreads that are looked at
 */
export async function multilevelPosterior(
  { model, x, outcome, groups, prior }: MultilevelModel,
  group: Int32Array,
): Promise<MultilevelPosterior> {
  const sums = await sumsOf(x, array(outcome), array(group), array(new Float64Array(groups)));
  const [coefficientSd, spread] = [prior.coefficientSd, prior.spread].map((value) => array(Float64Array.of(value), { shape: [] })) as [
    NdArray,
    NdArray,
  ];
  let axes: Axes = [
    { low: Math.log(prior.spread) + lowest, high: Math.log(prior.spread) + highest },
    { low: Math.log(prior.spread) + lowest, high: Math.log(prior.spread) + highest },
  ];
  const evaluate = async ([t, v]: Axes) => {
    const { weights, logMass } = await overSpreads.runAsync([axisOf(t), axisOf(v), sums, coefficientSd, spread]);
    return { mass: weights.data() as Float64Array, logEvidence: logMass.item() + Math.log(stepOf(t) * stepOf(v)) };
  };
  let found = await evaluate(axes);
  // The posterior of sigma may be narrower than a cell of the first grid: draw the grid closer until it is not.
  for (let round = 0; round < 3; round++) {
    axes = closer(axes, found.mass);
    found = await evaluate(axes);
  }
  const { mass, logEvidence } = found;
  if (axes.some(({ high }) => high >= Math.log(prior.spread) + highest) || axes[1].low <= Math.log(prior.spread) + lowest) {
    throw new RangeError(
      `multilevelPosterior: the posterior of the spreads reaches beyond ${Math.exp(highest).toFixed(0)} times their prior scale ${prior.spread}, or a spread within groups of 0; rescale the outcome, or use NUTS`,
    );
  }
  return {
    logEvidence,
    async sample(count, seed) {
      const own = new Random(seed, 3);
      const cells: number[] = [];
      let [cell, reached] = [0, mass[0]!];
      for (let i = 0; i < count; i++) {
        const level = (i + own.uniform()) / count;
        while (reached < level && cell < mass.length - 1) reached += mass[++cell]!;
        cells.push(cell);
      }
      for (let i = count - 1; i > 0; i--) {
        const j = own.integer(0, i);
        [cells[i], cells[j]] = [cells[j]!, cells[i]!];
      }
      const at = (axis: Axis, place: number): number => Math.exp(axis.low + stepOf(axis) * (place + own.uniform(-0.5, 0.5)));
      const tau = array(Float64Array.from(cells, (c) => at(axes[0], Math.floor(c / points))));
      const sigma = array(Float64Array.from(cells, (c) => at(axes[1], c % points)));
      const key = array(Uint32Array.of(seed >>> 0, 0x73707264));
      return drawsOf(model, await givenSpreads.runAsync([tau, sigma, key, sums, coefficientSd]), []);
    },
  };
}

/** Sums by group; the zeros say how many groups there are. */
const sumsOf = (x: NdArray, y: NdArray, group: NdArray, zeros: NdArray): Promise<Sums> =>
  groupSums.runAsync([x, y, group, zeros]) as Promise<Sums>;

const groupSums = program(
  (x: Tensor, y: Tensor, group: Tensor, zeros: Tensor) => {
    const rows = x.shape[0]!;
    const design = concat([x.slice([0, 0], [undefined, 1]).mul(0).add(1), x], 1);
    // [rows, J], 1 where the row is of the group.
    const member = expandDims(group, 1).equal(arange(zeros.shape[0]!, "i32")).cast("f64");
    return {
      n: member.sum(0),
      columns: matmul(member.T, design),
      y: matmul(member.T, expandDims(y, 1)).squeeze(1),
      gram: matmul(design.T, design),
      cross: matmul(design.T, y.reshape([rows, 1])).squeeze(1),
      square: y.square().sum(),
    };
  },
  { name: "sums by group" },
);
