import { array, logicalAnd, map, program, type Tensor, where } from "@credence/tensor";
import { logLikelihoodOf, type Misfit, type MisfitParts } from "./misfit.ts";
import { normalisedGrid } from "./normalised-grid.ts";
import { onceFor } from "./once-for.ts";

export interface GridOptions {
  /** Log density of lambda [n] and mu [n], nats, traced; flat if absent. */
  readonly prior?: (lambda: Tensor, mu: Tensor) => Tensor;
  /** Within which lambda and mu lie; needed where the readings alone do not bound them. */
  readonly bounds?: { readonly lambda?: readonly [number, number]; readonly mu?: readonly [number, number] };
  /** Places along each axis at least; 161 if absent. They become more where lambda and mu are correlated. */
  readonly points?: number;
}

/** A density over lambda and mu at evenly spaced places. */
export interface DensityGrid {
  readonly lambda: Float64Array;
  readonly mu: Float64Array;
  /** Posterior density at (lambda_i, mu_j), place i n + j for n values of mu. */
  readonly density: Float64Array;
  /** Density times the weight of the trapezoidal rule; adds up to 1. */
  readonly mass: Float64Array;
  readonly logEvidence: number;
  /** Largest density at an edge of the grid over the largest of all. */
  readonly edge: number;
  readonly warnings: readonly string[];
}

type Box = readonly [readonly [number, number], readonly [number, number]];
/** A density lower than the highest by more nats than this counts as nothing: e^-34 = 2e-15. */
const depth = 34;
const placesMax = 1601;

/** The posterior density where it is not negligible. */
export async function densityGrid(misfit: Misfit, options: GridOptions & { readonly signal?: AbortSignal } = {}): Promise<DensityGrid> {
  const { points = 161, signal } = options;
  if (!(Number.isInteger(points) && points >= 21)) throw new RangeError(`points must be a whole number >= 21, got ${points}`);
  const limits = limitsOf(options);
  const run = gridOf(misfit.model)(options.prior ?? flat);
  const { gram, centre, moment } = misfit;
  const [chiSquare, logScale, standIn] = [
    array([misfit.chiSquare], f64),
    array([misfit.logScale], f64),
    array([misfit.best.lambda, misfit.best.mu], f64),
  ];
  const parts = { gram, centre, moment, chiSquare, logScale };
  const evaluate = async ([l, m]: Box, counts: readonly [number, number]) => {
    const [lambda, mu] = [spaced(l, counts[0]), spaced(m, counts[1])];
    const values = await run.runAsync([array(lambda), array(mu), parts, standIn], signal ? { signal } : {});
    return { lambda, mu, values: values.data() as Float64Array };
  };
  const box = await fitted(misfit, limits, async (b) => evaluate(b, [coarse, coarse]));
  const [ll, , mm] = misfit.information;
  const counts = [ll, mm].map((information, k) => {
    // The rule is exact to 1e-9 where the spacing is the sd of one parameter given the other, and the error falls as a Gaussian of it.
    const needed = Math.ceil(((box[k]![1] - box[k]![0]) * Math.sqrt(information)) / 0.8) + 1;
    if (needed > placesMax)
      throw new RangeError(
        `${misfit.model.name}: the readings know a combination of lambda and mu ${Math.round(needed / points)} times better than either, and the posterior is a ridge too thin for a grid; give bounds or a prior, or place sensors that tell them apart`,
      );
    return Math.max(points, needed);
  }) as [number, number];
  const { lambda, mu, values } = await evaluate(box, counts);
  const grid = normalisedGrid(lambda, mu, values);
  const highest = grid.density.reduce((a, b) => Math.max(a, b));
  return {
    ...grid,
    warnings: warningsOf(
      misfit,
      limits,
      lambda,
      mu,
      grid.density.map((v) => v / highest),
    ),
  };
}

const coarse = 61;
const f64 = { dtype: "f64" } as const;
const flat = (lambda: Tensor): Tensor => lambda.mul(0);

/** Log posterior density, [n, m], at n values of lambda and m of mu, for a model and a prior. */
const gridOf = onceFor((model: Misfit["model"]) =>
  onceFor((prior: NonNullable<GridOptions["prior"]>) =>
    program((lambda: Tensor, mu: Tensor, parts: MisfitParts, standIn: Tensor) => {
      const [low, high] = model.poisson;
      const row = (l: Tensor): Tensor => {
        const same = mu.mul(0).add(l);
        const nu = same.div(same.add(mu).mul(2));
        const inside = logicalAnd(logicalAnd(mu.greater(0), same.add(mu).greater(0)), logicalAnd(nu.greaterEqual(low), nu.lessEqual(high)));
        // Beyond the range a material that the model knows stands in, so that nothing is NaN.
        const [safeLambda, safeMu] = [where(inside, same, standIn.index(0)), where(inside, mu, standIn.index(1))];
        return where(inside, logLikelihoodOf(model, parts, safeLambda, safeMu).add(prior(safeLambda, safeMu)), -Infinity);
      };
      return map(row, lambda) as Tensor;
    }),
  ),
);

const spaced = ([low, high]: readonly [number, number], count: number): Float64Array =>
  Float64Array.from({ length: count }, (_, i) => low + ((high - low) * i) / (count - 1));

function limitsOf({ bounds = {} }: GridOptions): Box {
  const { lambda = [-Infinity, Infinity], mu = [0, Infinity] } = bounds;
  for (const [name, [low, high]] of Object.entries({ lambda, mu }))
    if (!(low < high)) throw new RangeError(`bounds of ${name} must be two ascending stresses, got ${low} and ${high}`);
  return [lambda, [Math.max(mu[0], 0), mu[1]]];
}

/** The box that holds all density that is not negligible, found by widening and narrowing. */
async function fitted(
  misfit: Misfit,
  limits: Box,
  evaluate: (box: Box) => Promise<{ lambda: Float64Array; mu: Float64Array; values: Float64Array }>,
): Promise<Box> {
  const clip = (k: number, [low, high]: readonly [number, number]): readonly [number, number] => [
    Math.max(low, limits[k]![0]),
    Math.min(high, limits[k]![1]),
  ];
  let box = startOf(misfit, limits);
  for (let turn = 0; turn < 40; turn++) {
    const { values } = await evaluate(box);
    const top = values.reduce((a, b) => Math.max(a, b));
    if (!Number.isFinite(top))
      throw new RangeError(
        `${misfit.model.name}: no material within the bounds and between the model's Poisson's ratios ${misfit.model.poisson.join(" and ")} has a finite density; widen the bounds, the prior or \`poisson\``,
      );
    const next = [0, 1].map((k) => {
      const used = new Set<number>();
      values.forEach((v, at) => {
        if (v > top - depth) used.add(k === 0 ? Math.floor(at / coarse) : at % coarse);
      });
      const [first, last] = [Math.min(...used), Math.max(...used)];
      const [low, high] = box[k]!;
      const step = (high - low) / (coarse - 1);
      const reach = 0.5 * (high - low);
      return clip(k, [first === 0 ? low - reach : low + (first - 1) * step, last === coarse - 1 ? high + reach : low + (last + 1) * step]);
    }) as unknown as Box;
    const settled = box.every(([low, high], k) => {
      const [a, b] = next[k]!;
      return a >= low && b <= high && b - a > 0.75 * (high - low);
    });
    box = next;
    if (settled) return box;
  }
  const names = ["lambda", "mu"].filter((_, k) => !limits[k]!.every(Number.isFinite));
  throw new RangeError(
    `${misfit.model.name}: the readings do not bound ${names.join(" and ")}: the posterior goes on without end; give bounds or a prior, or place more sensors`,
  );
}

/** Eight sds about the best material, or the bounds where they are narrower. */
function startOf({ best, information: [ll, lm, mm], model, readings }: Misfit, limits: Box): Box {
  const determinant = ll * mm - lm * lm;
  const open = limits.some((limit) => !limit.every(Number.isFinite));
  if ((readings < 2 || !(determinant > 1e-12 * ll * mm)) && open)
    throw new RangeError(
      `${model.name}: ${readings} reading${readings === 1 ? "" : "s"} cannot tell lambda from mu; give bounds for both, or place more sensors`,
    );
  const sds = [Math.sqrt(mm / determinant), Math.sqrt(ll / determinant)];
  return [best.lambda, best.mu].map((at, k) => {
    const [low, high] = limits[k]!;
    const reach = Number.isFinite(sds[k]!) && determinant > 0 ? 8 * sds[k]! : Infinity;
    const box = [Math.max(at - reach, low), Math.min(at + reach, high)] as const;
    // A best material outside its bounds: the bounds.
    return box[0] < box[1] ? box : [low, high];
  }) as unknown as Box;
}

function warningsOf(misfit: Misfit, limits: Box, lambda: Float64Array, mu: Float64Array, raw: Float64Array): string[] {
  const [low, high] = misfit.model.poisson;
  const near = (nu: number): boolean =>
    raw.some((v, k) => {
      const at = lambda[Math.floor(k / mu.length)]!;
      return v > 1e-3 && Math.abs(at / (2 * (at + mu[k % mu.length]!)) - nu) < 0.01 * (0.5 - nu) + 1e-3;
    });
  const warnings: string[] = [];
  if (near(high))
    warnings.push(
      `the posterior reaches Poisson's ratio ${high}, the end of the model's range: the material is nearly incompressible, displacements then say little of lambda, and its interval is cut off there`,
    );
  if (near(low))
    warnings.push(`the posterior reaches Poisson's ratio ${low}, the end of the model's range, and is cut off there; widen \`poisson\``);
  const cut = ["lambda", "mu"].filter((_, k) =>
    cutOff(limits[k]!, [lambda, mu][k]!, raw, (at) => (k === 0 ? Math.floor(at / mu.length) : at % mu.length)),
  );
  if (cut.length > 0) warnings.push(`the posterior is cut off by the bounds of ${cut.join(" and ")}: the readings alone leave more open`);
  return warnings;
}

/** Whether there is density where an axis ends at a limit. */
function cutOff(limit: readonly [number, number], places: Float64Array, raw: Float64Array, placeOf: (at: number) => number): boolean {
  const last = places.length - 1;
  const ends = [0, last].filter((end, side) => places[end] === limit[side]);
  return raw.some((v, at) => v > 1e-6 && ends.includes(placeOf(at)));
}
