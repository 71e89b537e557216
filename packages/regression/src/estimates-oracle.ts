import { type Draws, type Model, Random } from "@credence/core";
import { arange, array, concat, exp, log, logSumExp, type NdArray, program, random, sqrt, type Tensor } from "@credence/tensor";
import { drawsOf } from "./evaluate.ts";

/** Points of the quadrature over log tau, and its ends, in units of log(scale). */
const points = 4001;
const [low, high] = [-14, 9];

/** log evidence, and the density over the grid of log tau. */
const overTau = program(
  (y: Tensor, s: Tensor, scale: Tensor) => {
    const step = (high - low) / (points - 1);
    const logTau = arange(points, "f64").mul(step).add(low).add(log(scale));
    const tau = exp(logTau);
    const variance = tau.square().expandDims(1).add(s.square());
    // theta and mu integrated out: y ~ N(0, diag(variance) + scale² 1 1^T).
    const precision = variance.pow(-1).sum(1);
    const weighted = y.div(variance).sum(1);
    const total = precision.add(scale.pow(-2));
    const misfit = y.square().div(variance).sum(1).sub(weighted.square().div(total));
    const logLikelihood = log(variance)
      .sum(1)
      .add(log(total.mul(scale.square())))
      .add(misfit)
      .add(y.size * Math.log(2 * Math.PI))
      .mul(-0.5);
    const logPrior = log(tau.div(scale).square().add(1))
      .neg()
      .add(Math.log(2 / Math.PI))
      .sub(log(scale))
      .add(logTau);
    const density = logLikelihood.add(logPrior);
    const mass = logSumExp(density, 0);
    return { tau, weights: exp(density.sub(mass)), logEvidence: mass.add(Math.log(step)) };
  },
  { name: "estimates: quadrature over tau" },
);

/** mu and theta given tau, [n, 2 + J]: each conditional is normal. */
const givenTau = program(
  (tau: Tensor, key: Tensor, y: Tensor, s: Tensor, scale: Tensor) => {
    const [n, groups] = [tau.shape[0]!, y.shape[0]!];
    const variance = tau.square().expandDims(1).add(s.square());
    const total = variance.pow(-1).sum(1).add(scale.pow(-2));
    const mu = y
      .div(variance)
      .sum(1)
      .div(total)
      .add(random.normal(random.fold(key, 0), [n], { dtype: "f64" }).div(sqrt(total)));
    const own = s.square().pow(-1);
    const common = tau.square().pow(-1).expandDims(1);
    const precision = common.add(own);
    const centre = common.mul(mu.expandDims(1)).add(y.mul(own)).div(precision);
    const theta = centre.add(random.normal(random.fold(key, 1), [n, groups], { dtype: "f64" }).div(sqrt(precision)));
    return concat([mu.expandDims(1), tau.expandDims(1), theta], 1);
  },
  { name: "estimates: effects given tau" },
);

export interface EstimatesPosterior {
  /** log p(y), nats. */
  readonly logEvidence: number;
  /** Independent draws of mu, tau and theta[J], as the model has them. */
  sample(count: number, seed: number): Promise<Draws>;
}

/**
 * The posterior of `estimatesModel` by quadrature: given tau everything is normal, and tau is one number (Gelman et al. 2013, section 5.4). The trapezoid rule over log tau
 * has 174 points a unit; the density there is smooth and falls off exponentially at both ends, so its error is below rounding.
 */
export async function estimatesPosterior(
  model: Model,
  estimates: Float64Array,
  errors: Float64Array,
  scale = 5,
): Promise<EstimatesPosterior> {
  const [y, s, width] = [array(estimates), array(errors), array(Float64Array.of(scale), { shape: [] })];
  const { tau, weights, logEvidence } = await overTau.runAsync([y, s, width]);
  const [grid, mass] = [tau.data(), weights.data()];
  return {
    logEvidence: logEvidence.item(),
    async sample(count, seed) {
      const own = new Random(seed, 3);
      const step = (high - low) / (points - 1);
      // Stratified over the distribution function, uniform within a cell of the grid, in a random order.
      const at = new Float64Array(count);
      let [cell, reached] = [0, mass[0]!];
      for (let i = 0; i < count; i++) {
        const level = (i + own.uniform()) / count;
        while (reached < level && cell < points - 1) reached += mass[++cell]!;
        at[i] = grid[cell]! * Math.exp(step * own.uniform(-0.5, 0.5));
      }
      const order = Float64Array.from(at.keys(), () => own.uniform());
      const shuffled = Float64Array.from(
        Array.from(at.keys()).sort((a, b) => order[a]! - order[b]!),
        (i) => at[i]!,
      );
      const key = array(Uint32Array.of(seed >>> 0, 0x74617521));
      const quantities = (await givenTau.runAsync([array(shuffled), key, y, s, width])) as NdArray;
      return drawsOf(model, quantities, []);
    },
  };
}
