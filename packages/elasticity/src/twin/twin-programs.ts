import { concat, constant, erf, exp, log, logSumExp, type NdArray, program, reciprocal, type Tensor } from "@credence/tensor";
import type { DisplacementModel } from "../oracle/displacement-model.ts";

/**
 * A grid over t = log(1 + lambda / mu) = -log(1 - 2 nu) and the compliance s = 1 / mu, n places along each. For a ratio, displacements are a line in s, so that
 * n rows of features make the whole grid.
 */
export interface Placed {
  /** [n] both */
  readonly t: NdArray;
  readonly s: NdArray;
  /** Features are s times `loaded` plus `fixed`, [n, F] by place along t. */
  readonly loaded: NdArray;
  readonly fixed: NdArray;
  /** Log prior of (lambda, mu), Jacobian of (t, s) and weight of the trapezoidal rule, [n, n], t outermost. */
  readonly base: NdArray;
}

/** What readings have said, as a quadratic function of the features f about some `centre`, and the posterior's masses on a grid. */
export interface Weighed {
  /** Sum over readings of c c^T / sd^2, [F, F]. */
  readonly gram: NdArray;
  /** Sum of c (y - c . centre) / sd^2, [F]. */
  readonly moment: NdArray;
  /** Sum of (y - c . centre)^2 / sd^2, [1]. */
  readonly chiSquare: NdArray;
  /** Sum of -log(sd) - log(2 pi) / 2, [1]. */
  readonly logNorm: NdArray;
  readonly centre: NdArray;
  /** [n, n] */
  readonly mass: NdArray;
  /** Log of the sum of densities and weights, [1]. */
  readonly logScale: NdArray;
  /** By `momentNames`. */
  readonly moments: NdArray;
}

/** Means, sds and correlation on the grid, the density at its edges over the highest, and the same of the material. */
export const momentNames = [
  "tMean",
  "sMean",
  "tSd",
  "sSd",
  "gridCorrelation",
  "tLow",
  "tHigh",
  "sLow",
  "sHigh",
  "lambdaMean",
  "muMean",
  "lambdaSd",
  "muSd",
  "correlation",
] as const;

export interface NewReading {
  /** [d, F] */
  readonly coefficients: NdArray;
  /** [d] both */
  readonly displacement: NdArray;
  readonly sd: NdArray;
  /** What earlier readings still count for, [1]. */
  readonly keep: NdArray;
}

/** The predictive distribution of a reading before it is taken in. */
export interface Expected {
  /** [d] each: mean and sd with noise, and the share of the distribution below what was read. */
  readonly mean: NdArray;
  readonly sd: NdArray;
  readonly pit: NdArray;
  /** Log density of the reading, nats, up to a constant, if displacements have changed by each factor; the first factor is 1. */
  readonly logScores: NdArray;
}

export interface TwinPrograms {
  place(t: NdArray, s: NdArray): Promise<Placed>;
  begin(placed: Placed): Promise<Weighed>;
  absorb(placed: Placed, now: Weighed, reading: NewReading): Promise<{ readonly expected: Expected; readonly weighed: Weighed }>;
  /** The same readings on another grid. */
  look(placed: Placed, now: Weighed): Promise<Weighed>;
}

type Traced<T> = { [K in keyof T]: Tensor };

/** One thread each: an update takes less than a millisecond, and a thread that another process holds back would cost more. */
export function twinPrograms(options: {
  readonly model: DisplacementModel;
  readonly prior?: (lambda: Tensor, mu: Tensor) => Tensor;
  /** Odd. */
  readonly points: number;
  readonly changes: readonly number[];
}): TwinPrograms {
  const { model, prior, points: n, changes } = options;
  const width = model.coefficients.shape[0]!;
  const middle = (n - 1) / 2;
  const row = (matrix: Tensor, i: number): Tensor => matrix.slice([i, 0], [i + 1, matrix.shape[1]!]);
  const ratioOf = (t: Tensor): Tensor => exp(t).sub(1);
  const middleOf = ({ s, loaded, fixed }: Pick<Traced<Placed>, "s" | "loaded" | "fixed">): Tensor =>
    row(loaded, middle)
      .mul(s.slice([middle], [middle + 1]))
      .add(row(fixed, middle))
      .squeeze(0);

  const place = program(
    (t: Tensor, s: Tensor) => {
      const ratio = ratioOf(t);
      const at = (mu: number): Tensor => model.features(ratio.mul(mu), ratio.mul(0).add(mu));
      const [one, two] = [at(1), at(2)];
      const rule = constant(
        Array.from({ length: n }, (_, i) => (i === 0 || i === n - 1 ? Math.log(0.5) : 0)),
        "f64",
      );
      // d lambda d mu = mu d ratio d mu = s^-3 (1 + ratio) dt ds.
      const base = rule
        .add(t)
        .expandDims(1)
        .add(rule.sub(log(s).mul(3)));
      const mu = reciprocal(s).expandDims(0).broadcastTo([n, n]);
      const given =
        prior === undefined ? base : base.add(prior(mu.mul(ratio.expandDims(1)).reshape([n * n]), mu.reshape([n * n])).reshape([n, n]));
      return { t, s, loaded: one.sub(two).mul(2), fixed: two.mul(2).sub(one), base: given };
    },
    { threads: 1, name: "place the twin's grid" },
  );

  const weighed = (
    placed: Traced<Placed>,
    said: Pick<Traced<Weighed>, "gram" | "moment" | "chiSquare" | "logNorm" | "centre">,
  ): Traced<Weighed> => {
    const { t, s, loaded, fixed, base } = placed;
    const middleS = s.slice([middle], [middle + 1]);
    // f - centre = (s - middle) loaded + apart: about the middle nothing large is taken from something large.
    const apart = loaded.mul(middleS).add(fixed).sub(said.centre);
    const off = s.sub(middleS);
    const pushed = apart.matmul(said.gram).sub(said.moment);
    const square = loaded.matmul(said.gram).mul(loaded).sum(1).expandDims(1);
    const cross = pushed.mul(loaded).sum(1).mul(2).expandDims(1);
    const rest = pushed.sub(said.moment).mul(apart).sum(1).add(said.chiSquare).expandDims(1);
    const value = base.sub(square.mul(off.square()).add(cross.mul(off)).add(rest).mul(0.5));
    const scale = logSumExp(value);
    const mass = exp(value.sub(scale));
    const moments = [...onGrid(mass, t, s), ...ofMaterial(mass, ratioOf(t), s)].map((moment) => moment.reshape([1]));
    return {
      gram: said.gram,
      moment: said.moment,
      chiSquare: said.chiSquare,
      logNorm: said.logNorm,
      centre: said.centre,
      mass,
      logScale: scale.reshape([1]).add(said.logNorm),
      moments: concat(moments, 0),
    };
  };

  const begin = program(
    (placed: Traced<Placed>) => {
      const none = constant(new Float64Array(width));
      const zero = constant(new Float64Array(1));
      return weighed(placed, {
        gram: none.expandDims(1).mul(none),
        moment: none,
        chiSquare: zero,
        logNorm: zero,
        centre: middleOf(placed),
      });
    },
    { threads: 1, name: "begin a twin" },
  );

  const absorb = program(
    (placed: Traced<Placed>, now: Traced<Weighed>, reading: Traced<NewReading>) => {
      const { coefficients, displacement, sd, keep } = reading;
      const d = coefficients.shape[0]!;
      const [slope, level] = [placed.loaded.matmul(coefficients.T), placed.fixed.matmul(coefficients.T)];
      const logMass = log(now.mass.add(1e-300));
      const part = (values: Tensor, k: number): Tensor => values.slice([k], [k + 1]);
      const parts = Array.from({ length: d }, (_, k) => {
        const predicted = slope
          .slice([0, k], [n, k + 1])
          .mul(placed.s)
          .add(level.slice([0, k], [n, k + 1]));
        const [y, noise] = [part(displacement, k), part(sd, k)];
        const mean = predicted.mul(now.mass).sum().reshape([1]);
        const spread = predicted.sub(mean).square().mul(now.mass).sum().add(noise.square()).sqrt();
        const below = erf(y.sub(predicted).div(noise.mul(Math.SQRT2)));
        return { predicted, y, noise, mean, spread, pit: below.add(1).mul(0.5).mul(now.mass).sum().reshape([1]) };
      });
      const scores = [1, ...changes].map((factor) =>
        logSumExp(
          parts.reduce((sum, { predicted, y, noise }) => sum.sub(y.sub(predicted.mul(factor)).div(noise).square().mul(0.5)), logMass),
        ).reshape([1]),
      );
      const c = coefficients.div(sd.expandDims(1));
      const off = displacement.sub(coefficients.matmul(now.centre.expandDims(1)).squeeze(1)).div(sd);
      const said = {
        gram: now.gram.mul(keep).add(c.T.matmul(c)),
        moment: now.moment.mul(keep).add(c.T.matmul(off.expandDims(1)).squeeze(1)),
        chiSquare: now.chiSquare.mul(keep).add(off.square().sum()),
        logNorm: now.logNorm.mul(keep).sub(
          log(sd)
            .sum()
            .add((d / 2) * Math.log(2 * Math.PI)),
        ),
        centre: now.centre,
      };
      const joined = (name: "mean" | "spread" | "pit"): Tensor =>
        concat(
          parts.map((p) => p[name]),
          0,
        );
      return {
        expected: { mean: joined("mean"), sd: joined("spread"), pit: joined("pit"), logScores: concat(scores, 0) },
        weighed: weighed(placed, said),
      };
    },
    { threads: 1, name: "one reading of a twin" },
  );

  const look = program(
    (placed: Traced<Placed>, now: Traced<Weighed>) => {
      // About the middle of the new grid, so that accurate readings lose no digits.
      const centre = middleOf(placed);
      const along = centre.sub(now.centre);
      const pushed = now.gram.matmul(along.expandDims(1)).squeeze(1);
      return weighed(placed, {
        gram: now.gram,
        moment: now.moment.sub(pushed),
        chiSquare: now.chiSquare.add(along.mul(pushed.sub(now.moment.mul(2))).sum()),
        logNorm: now.logNorm,
        centre,
      });
    },
    { threads: 1, name: "a twin on another grid" },
  );

  return {
    place: (t, s) => place.runAsync([t, s]),
    begin: (placed) => begin.runAsync([placed]),
    absorb: (placed, now, reading) => absorb.runAsync([placed, now, reading]),
    look: (placed, now) => look.runAsync([placed, now]),
  };
}

const correlationOf = (cross: Tensor, a: Tensor, b: Tensor): Tensor => cross.div(a.mul(b).add(1e-300));

function onGrid(mass: Tensor, t: Tensor, s: Tensor): Tensor[] {
  const n = t.size;
  const [mt, ms] = [mass.sum(1), mass.sum(0)];
  const [tMean, sMean] = [mt.mul(t).sum(), ms.mul(s).sum()];
  const [dt, ds] = [t.sub(tMean), s.sub(sMean)];
  const [tSd, sSd] = [mt.mul(dt.square()).sum().sqrt(), ms.mul(ds.square()).sum().sqrt()];
  const cross = mass.matmul(ds.expandDims(1)).squeeze(1).mul(dt).sum();
  const top = mass.max();
  const edges = [mass.slice([0, 0], [1, n]), mass.slice([n - 1, 0], [n, n]), mass.slice([0, 0], [n, 1]), mass.slice([0, n - 1], [n, n])];
  // The rule gives an edge half the weight.
  return [tMean, sMean, tSd, sSd, correlationOf(cross, tSd, sSd), ...edges.map((edge) => edge.max().mul(2).div(top))];
}

function ofMaterial(mass: Tensor, ratio: Tensor, s: Tensor): Tensor[] {
  const mu = reciprocal(s);
  const lambda = ratio.expandDims(1).mul(mu);
  const ms = mass.sum(0);
  const [lambdaMean, muMean] = [mass.mul(lambda).sum(), ms.mul(mu).sum()];
  const [dl, dm] = [lambda.sub(lambdaMean), mu.sub(muMean)];
  const [lambdaSd, muSd] = [mass.mul(dl.square()).sum().sqrt(), ms.mul(dm.square()).sum().sqrt()];
  return [lambdaMean, muMean, lambdaSd, muSd, correlationOf(mass.mul(dl).mul(dm).sum(), lambdaSd, muSd)];
}
