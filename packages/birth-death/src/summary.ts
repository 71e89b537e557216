import type { Parameters } from "@credence/core";
import { cast, concat, constant, equal, greaterEqual, less, log, log1p, maximum, reciprocal, sign, sqrt, type Tensor } from "@credence/tensor";
import { type CensusDesign, checkDesign } from "./design.ts";
import { fitQuasiLikelihood, informationOf, type RateScale, residualsAt, type Transitions, total } from "./quasi-likelihood.ts";

/** What {@link summarize} tells of a series, in the order of its columns. */
export const summaryNames = [
  "quasi-likelihood growth rate",
  "root of quasi-likelihood immigration",
  "log of quasi-likelihood turnover",
  "log information on growth",
  "log information on immigration",
  "their correlation",
  "log information on turnover",
  "log number of transitions below saturation",
  "mean log variance",
  "mean squared standardised residual (asinh)",
  "mean cubed standardised residual (asinh)",
  "turnover from counts below 12 (asinh)",
  "turnover from counts of 12 or more (asinh)",
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

/**
 * Nearly sufficient statistics of a series for the three rates, f32 [rows, {@link summaryNames}.length]: quasi-likelihood estimates with their
 * information, which locate and size the posterior, then statistics of its shape (small counts, asymmetry, memory, extremes).
 * Traced; all columns are finite and of order one to thirty whatever the counts.
 *
 * @param counts [rows, times], of the design.
 * @param scale the largest rates to be expected, {@link rateScale} of the prior.
 */
export function summarize(counts: Tensor, design: CensusDesign, scale: RateScale): Tensor {
  const { intervals, countMax } = checkDesign(design);
  const n = cast(counts, "f64");
  const before = n.slice([0, 0], [undefined, -1]);
  const after = n.slice([0, 1]);
  const used = cast(less(maximum(before, after), countMax), "f64");
  const even = intervals.every((years) => years === intervals[0]);
  const transitions: Transitions = { before, after, used, years: constant(even ? [[intervals[0]!]] : [[...intervals]], "f64") };

  const estimate = fitQuasiLikelihood(transitions, scale);
  const at = residualsAt(transitions, estimate);
  const information = informationOf(transitions, at);
  const faint = { growth: 0.25 / scale.perCapita ** 2, immigration: 1 / scale.immigration ** 2 };
  const growthInformation = information.growth.add(faint.growth);
  const immigrationInformation = information.immigration.add(faint.immigration);

  const number = total(used).add(1);
  const mean = (x: Tensor): Tensor => total(used.mul(x)).div(number);
  const share = (condition: Tensor): Tensor => mean(cast(condition, "f64"));
  const standardised = at.residual.div(sqrt(at.variance));
  const product = (lag: number): Tensor => {
    const masked = used.mul(standardised);
    if (intervals.length <= lag) return total(masked).mul(0);
    return total(masked.slice([0, lag]).mul(masked.slice([0, 0], [undefined, -lag]))).div(number);
  };
  const turnoverOf = (part: Tensor): Tensor => {
    const weight = used.mul(cast(part, "f64"));
    const ratio = at.residual.square().sub(at.remainder).div(maximum(at.perTurnover, 1e-3));
    return asinh(total(weight.mul(ratio)).div(total(weight).add(1)));
  };
  const logGrowth = log1p(after).sub(log1p(before));
  const meanLogGrowth = mean(logGrowth);
  const meanCount = n.mean(1, true);

  const columns = [
    estimate.growth.div(scale.perCapita),
    sqrt(estimate.immigration),
    log(estimate.turnover),
    log(growthInformation),
    log(immigrationInformation),
    information.cross.div(sqrt(growthInformation.mul(immigrationInformation))),
    log(information.turnover.add(1 / scale.perCapita ** 2)),
    log(number),
    log(at.variance).mean(1, true),
    asinh(mean(standardised.square())),
    asinh(mean(standardised.square().mul(standardised))),
    turnoverOf(less(before, largeCount)),
    turnoverOf(greaterEqual(before, largeCount)),
    meanLogGrowth,
    sqrt(mean(logGrowth.sub(meanLogGrowth).square())),
    asinh(product(1)),
    asinh(product(2)),
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
  return cast(concat(columns, 1), "f32");
}

/**
 * The scale of {@link summarize} for a prior: its upper bounds.
 *
 * @throws {RangeError} for a prior without upper bounds; give the largest rates to be expected instead.
 */
export function rateScale(prior: Pick<Parameters, "bounds">): RateScale {
  const [birth, death, immigration] = prior.bounds.map((bound) => bound.high);
  const scale = { perCapita: Math.max(birth!, death!), immigration: immigration! };
  if (!(Number.isFinite(scale.perCapita) && Number.isFinite(scale.immigration))) {
    throw new RangeError(`the priors end at ${birth}, ${death} and ${immigration}; without finite ends, state the scale: { perCapita, immigration }`);
  }
  return scale;
}

/** Signed logarithm: x near zero, sign(x) log 2|x| far from it. */
function asinh(x: Tensor): Tensor {
  return sign(x).mul(log(x.abs().add(sqrt(x.square().add(1)))));
}
