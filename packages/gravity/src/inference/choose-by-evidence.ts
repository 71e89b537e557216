import { minimise } from "@credence/core";
import {
  array,
  cholesky,
  eye,
  grad,
  index,
  inverse,
  logDeterminantTriangular,
  matmul,
  matrixTranspose,
  program,
  stack,
  type Tensor,
  triangularSolve,
} from "@credence/tensor";
import type { CellPrior } from "../prior/cell-prior.ts";
import { type GravityModel, type GravityModelOptions, gravityModel } from "./gravity-model.ts";
import { type DataSolve, marginalise, sensed, whitened } from "./whitened.ts";

/** Values by name: Tensors (f64, one number) while the evidence is climbed, numbers at the end. */
export type Hyperparameters<K extends string> = { readonly [name in K]: number | Tensor };

export interface EvidenceOptions<K extends string> extends Omit<GravityModelOptions, "prior"> {
  /** Bounds [low, high] of each hyperparameter, > 0. One called `noiseScale` multiplies the sd of the noise. */
  readonly parameters: { readonly [name in K]: readonly [low: number, high: number] };
  /** The prior at given values: `({ range, sd }) => maternPrior(mesh, { range, sd })`. */
  readonly prior: (values: Hyperparameters<K>) => CellPrior;
  /** Points to climb from, spread over the bounds; 2 if absent. */
  readonly starts?: number;
  /** 1 if absent. */
  readonly threads?: number;
  readonly signal?: AbortSignal;
}

export interface ChosenByEvidence<K extends string> {
  readonly values: { readonly [name in K]: number };
  /** sd of the logarithm of each, from the curvature of the log evidence there: about the relative sd of the value, if the posterior is normal. NaN at a bound. */
  readonly logSd: { readonly [name in K]: number };
  readonly logEvidence: number;
  /** The survey with the chosen prior and noise. */
  readonly model: GravityModel;
  readonly warnings: readonly string[];
}

/**
 * The hyperparameters with the highest evidence p(d | values), cells and regional integrated over: type-II maximum likelihood (Rasmussen and Williams 2006, section 5.4), by L-BFGS
 * in logarithms within bounds. Each step takes a factor of the data's covariance and its derivatives, [stations, stations].
 * @throws RangeError for bounds that are not 0 < low < high, and where the evidence has no value at a start
 */
export async function chooseByEvidence<K extends string>(options: EvidenceOptions<K>): Promise<ChosenByEvidence<K>> {
  const { parameters, prior, starts = 2, threads = 1, signal, ...survey } = options;
  const running = signal ? { signal } : {};
  const names = Object.keys(parameters) as K[];
  if (names.length === 0)
    throw new RangeError("chooseByEvidence: expected at least one hyperparameter, such as parameters: { range: [50, 500] }");
  for (const name of names) {
    const [low, high] = parameters[name];
    if (!(low > 0 && high > low && high < Infinity))
      throw new RangeError(`chooseByEvidence: ${name} needs bounds 0 < low < high, got [${low}, ${high}]`);
  }
  if (!(Number.isInteger(starts) && starts >= 1)) throw new RangeError(`chooseByEvidence: starts must be an integer >= 1, got ${starts}`);
  const logs = names.map((name) => parameters[name].map(Math.log) as [number, number]);
  const middle = (values: readonly number[]) => Object.fromEntries(names.map((name, i) => [name, values[i]!])) as { [name in K]: number };
  const frame = gravityModel({ ...survey, prior: prior(middle(logs.map(([low, high]) => Math.exp((low + high) / 2)))) });

  /** log p(d | values) at logarithms [K]. */
  const logEvidence = (logarithms: Tensor): Tensor => {
    const values = Object.fromEntries(names.map((name, i) => [name, index(logarithms, i).exp()])) as Record<K, Tensor>;
    const scale = "noiseScale" in values ? (values as Record<string, Tensor>).noiseScale : undefined;
    return logEvidenceOf({ ...frame, prior: prior(values) }, scale);
  };
  // Between the bounds, by a sigmoid.
  const inside = (u: Tensor): Tensor =>
    stack(
      logs.map(([low, high], i) =>
        index(u, i)
          .sigmoid()
          .mul(high - low)
          .add(low),
      ),
    );
  let best: { value: number; position: Float64Array } | undefined;
  for (let start = 0; start < starts; start++) {
    const from = names.map((_, i) => 4 * ((0.5 + start * (0.618 + 0.13 * i)) % 1) - 2);
    const found = await minimise(
      (u) =>
        logEvidence(inside(index(u, 0)))
          .neg()
          .reshape([1]),
      [from],
      { threads, steps: 100, ...running },
    );
    const value = found.value[0]!;
    if (!best || value < best.value) best = { value, position: Float64Array.from(found.position.data()) };
  }
  const logarithms = logs.map(([low, high], i) => low + (high - low) / (1 + Math.exp(-best!.position[i]!)));
  const atBound = logs.map(([low, high], i) => Math.min(logarithms[i]! - low, high - logarithms[i]!) < 0.01 * (high - low));
  const logSd = await curvature(logEvidence, logarithms, atBound, { threads, ...running });
  const values = middle(logarithms.map(Math.exp));
  const scale = (values as Record<string, number>).noiseScale ?? 1;
  const chosen = {
    ...frame,
    prior: prior(values),
    noise: array(
      Float64Array.from(frame.noise.data(), (v) => v * scale),
      { shape: frame.noise.shape },
    ),
  };
  const warnings = [
    ...frame.warnings,
    ...names.flatMap((name, i) =>
      atBound[i]
        ? [
            `${name} = ${values[name].toPrecision(3)} lies at its bound [${parameters[name].join(", ")}]: the data ask for more room, or do not tell it`,
          ]
        : [],
    ),
    ...names.flatMap((name, i) =>
      !atBound[i] && !(logSd[i]! < 1)
        ? [`the data hardly tell ${name}: the evidence is nearly flat about ${values[name].toPrecision(3)}`]
        : [],
    ),
  ];
  return { values, logSd: middle(logSd), logEvidence: -best!.value, model: { ...chosen, warnings }, warnings };
}

/** log p(d) of a survey with its noise times `scale`, differentiable in all that the prior depends on. Traced. */
function logEvidenceOf(model: GravityModel, scale: Tensor | undefined): Tensor {
  const { prior } = model;
  const count = model.operator.rows;
  const white = whitened(model);
  const over = (x: Tensor): Tensor => (scale ? x.div(scale) : x);
  const transposed = over(prior.colourTransposed(sensed(model, eye(count, "f64"))));
  const lower = cholesky(matmul(matrixTranspose(transposed), transposed).add(eye(count, "f64")));
  const solver: DataSolve = {
    solve: (y) => triangularSolve(lower, triangularSolve(lower, y), { transpose: true }),
    logDeterminant: logDeterminantTriangular(lower).mul(2),
  };
  const scaled = { ...white, residual: over(white.residual), regional: white.regional && over(white.regional) };
  const value = marginalise(scaled, solver).logDensity(scaled.residual).squeeze(0).sub(white.logNoise);
  return scale ? value.sub(scale.log().mul(count)) : value;
}

/** sds from the negative inverse Hessian over the parameters that are not at a bound, by central differences of the gradient. */
async function curvature(
  logEvidence: (logarithms: Tensor) => Tensor,
  at: readonly number[],
  fixed: readonly boolean[],
  { threads, ...running }: { readonly threads: number; readonly signal?: AbortSignal },
): Promise<number[]> {
  const free = at.map((_, i) => i).filter((i) => !fixed[i]);
  if (free.length === 0) return at.map(() => Number.NaN);
  const slope = program((x: Tensor) => grad(logEvidence)(x) as Tensor, { name: "slope of the evidence", threads });
  const step = 1e-3;
  const rows: number[][] = [];
  for (const i of free) {
    const sides: ArrayLike<number>[] = [];
    for (const sign of [1, -1])
      sides.push((await slope.runAsync([Float64Array.from(at, (v, j) => (i === j ? v + sign * step : v))], running)).data());
    rows.push(free.map((j) => (sides[1]![j]! - sides[0]![j]!) / (2 * step)));
  }
  const symmetric = rows.map((row, i) => row.map((v, j) => (v + rows[j]![i]!) / 2));
  const covariance = inverted(array(symmetric, { dtype: "f64" })).data();
  return at.map((_, i) => (fixed[i] ? Number.NaN : Math.sqrt(covariance[free.indexOf(i) * (free.length + 1)]!)));
}

const inverted = program((matrix: Tensor) => inverse(matrix), { name: "inverse curvature" });
