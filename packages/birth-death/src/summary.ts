import { cast, concat, constant, equal, greaterEqual, less, log, log1p, maximum, reciprocal, sqrt, type Tensor } from "@credence/tensor";
import type { Bounds } from "./coordinates.ts";
import { type CensusDesign, checkDesign } from "./design.ts";
import { asinh, type Laplace, quasiLaplace, type Transitions, total } from "./quasi-likelihood.ts";

/** What {@link summarize} tells of a series, in the order of its columns. */
export const summaryNames = [
  "centre of the growth coordinate",
  "centre of the turnover coordinate",
  "centre of the immigration coordinate",
  "log information on growth",
  "log information on turnover",
  "log information on immigration",
  "information correlation of growth and turnover",
  "information correlation of growth and immigration",
  "information correlation of turnover and immigration",
  "log number of transitions below saturation",
  "mean log variance",
  "mean squared standardised residual (asinh)",
  "mean cubed standardised residual (asinh)",
  "turnover from counts below 12 (asinh)",
  "turnover from counts of 12 or more (asinh)",
  "growth score of root residuals (asinh)",
  "immigration score of root residuals (asinh)",
  "turnover score of root residuals (asinh)",
  "mean log growth",
  "sd of log growth",
  "residual autocovariance at lag 1 (asinh)",
  "residual autocovariance at lag 2 (asinh)",
  "share of steps down",
  "share of steps without change",
  "share of zeros",
  "share of zeros that stay",
  "log largest count",
  "log smallest count",
  "log last count",
  "log mean count",
  "log sd of counts",
  "log of summed counts",
  "mean reciprocal count",
] as const;

/** Counts from which residuals speak of the per-capita rates more than of immigration. */
const largeCount = 12;

/** A Gaussian approximation to the posterior, and statistics of what it leaves out. */
export interface Description {
  readonly laplace: Laplace;
  /** f32 [rows, {@link summaryNames}.length]. */
  readonly summary: Tensor;
}

/**
 * Nearly sufficient statistics of series for the three rates: a quasi-likelihood approximation, which locates and sizes the posterior, then
 * statistics of its shape (small counts, asymmetry, memory, extremes). Traced; all are finite and of order one to thirty whatever the counts.
 *
 * @param counts [rows, times], of the design.
 * @param bounds of the prior, finite.
 */
export function describe(counts: Tensor, design: CensusDesign, bounds: readonly Bounds[]): Description {
  const { intervals, countMax } = checkDesign(design);
  const n = cast(counts, "f64");
  const before = n.slice([0, 0], [undefined, -1]);
  const after = n.slice([0, 1]);
  const used = cast(less(maximum(before, after), countMax), "f64");
  const even = intervals.every((years) => years === intervals[0]);
  const transitions: Transitions = { before, after, used, years: constant(even ? [[intervals[0]!]] : [[...intervals]], "f64") };
  const laplace = quasiLaplace(transitions, bounds);
  const { residual, variance, perTurnover, byGrowth, byImmigration } = laplace.moments;

  const number = total(used).add(1);
  const mean = (x: Tensor): Tensor => total(used.mul(x)).div(number);
  const share = (condition: Tensor): Tensor => mean(cast(condition, "f64"));
  const standardised = residual.div(sqrt(variance));
  const masked = used.mul(standardised);
  const autocovariance = (lag: number): Tensor => {
    if (intervals.length <= lag) return number.mul(0);
    return asinh(total(masked.slice([0, lag]).mul(masked.slice([0, 0], [undefined, -lag]))).div(number));
  };
  const turnoverOf = (part: Tensor): Tensor => {
    const weight = used.mul(cast(part, "f64"));
    return asinh(total(weight.mul(residual.square().sub(variance).div(maximum(perTurnover, 1e-3)))).div(total(weight).add(1)));
  };
  // Square roots of counts are nearer to normal: what they add to the plain residuals tells of asymmetry where the approximation ignores it.
  const expected = maximum(after.sub(residual), 0.1);
  const root = sqrt(after)
    .sub(sqrt(expected))
    .mul(2)
    .mul(sqrt(expected.div(variance)));
  const scoreOf = (slope: Tensor, value: Tensor): Tensor =>
    asinh(total(used.mul(slope).mul(value)).div(sqrt(total(used.mul(slope.square())).add(1e-6))));
  const perSd = variance.pow(-0.5);
  const logGrowth = log1p(after).sub(log1p(before));
  const meanLogGrowth = mean(logGrowth);
  const meanCount = n.mean(1, true);

  const columns = [
    ...laplace.centre,
    ...laplace.information.map((value) => log(value)),
    ...laplace.correlation,
    log(number),
    log(variance).mean(1, true),
    asinh(mean(standardised.square())),
    asinh(mean(standardised.square().mul(standardised))),
    turnoverOf(less(before, largeCount)),
    turnoverOf(greaterEqual(before, largeCount)),
    scoreOf(byGrowth.mul(perSd), root),
    scoreOf(byImmigration.mul(perSd), root),
    scoreOf(perTurnover.div(variance), root.square().sub(1)),
    meanLogGrowth,
    sqrt(mean(logGrowth.sub(meanLogGrowth).square())),
    autocovariance(1),
    autocovariance(2),
    share(less(after, before)),
    share(equal(after, before)),
    share(equal(before, 0)),
    share(equal(maximum(before, after), 0)),
    log1p(n.max(1, true)),
    log1p(n.min(1, true)),
    log1p(n.slice([0, -1])),
    log1p(meanCount),
    log1p(sqrt(n.sub(meanCount).square().mean(1, true))),
    log(maximum(total(used.mul(before)), 0.1)),
    mean(reciprocal(before.add(1))),
  ];
  return { laplace, summary: cast(concat(columns, 1), "f32") };
}

/** The statistics alone. */
export function summarize(counts: Tensor, design: CensusDesign, bounds: readonly Bounds[]): Tensor {
  return describe(counts, design, bounds).summary;
}
