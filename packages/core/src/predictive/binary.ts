import { arange, exp, greater, logSigmoid, type NdArray, program, sigmoid, type Tensor, where } from "@credence/tensor";

/**
 * Probability of the second of two classes at each of N places (or of C classes, [N, C]), and the entropy of the label in two parts, nats, all f64 [N]:
 * entropy = aleatoric + epistemic = E[H(y | theta)] + I(y; theta).
 */
export interface ClassPredictive {
  readonly probability: NdArray;
  readonly entropy: NdArray;
  /** What would remain if the parameters were known. */
  readonly aleatoric: NdArray;
  /** Mutual information of label and parameters: what more data would remove. */
  readonly epistemic: NdArray;
}

/** Points of the quadrature, and how far they reach in standard deviations. */
const points = 257;
const reach = 10;

/**
 * E sigmoid(l) and the parts of the entropy for l ~ N(mean, variance), both [N]. By the trapezoid rule, whose error falls as
 * exp(-2 pi^2 / (sd h)) with the step h = 20 / 256: below rounding up to sd 7, and 1e-5 at sd 20.
 */
export const binaryPredictive = program(
  (mean: Tensor, variance: Tensor) => {
    const step = (2 * reach) / (points - 1);
    const z = arange(points, "f64").mul(step).sub(reach);
    const weight = exp(z.square().mul(-0.5)).mul(step / Math.sqrt(2 * Math.PI));
    const l = mean.expandDims(1).add(variance.sqrt().expandDims(1).mul(z));
    const p = sigmoid(l);
    const probability = p.mul(weight).sum(1);
    // H(sigmoid(l)) = -p log p - (1 - p) log(1 - p), each from the logarithm of a sigmoid.
    const entropies = p
      .mul(logSigmoid(l))
      .add(sigmoid(l.neg()).mul(logSigmoid(l.neg())))
      .neg();
    const other = sigmoid(l.neg()).mul(weight).sum(1);
    const entropy = timesLog(probability).add(timesLog(other)).neg();
    const aleatoric = entropies.mul(weight).sum(1);
    return { probability, entropy, aleatoric, epistemic: entropy.sub(aleatoric) };
  },
  { name: "logistic-normal prediction" },
);

/** p log p, 0 at 0. */
export const timesLog = (p: Tensor): Tensor => p.mul(where(greater(p, 0), p, 1).log());
