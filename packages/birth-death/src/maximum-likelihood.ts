import { array, program, type Tensor } from "@credence/tensor";
import { type RateName, type Rates, rateNames } from "./model.ts";
import { type CountSeries, logLikelihood } from "./oracle.ts";

export interface MaximumLikelihood {
  readonly rates: Rates;
  /** Of the free rates: square roots of the diagonal of the inverse observed information. */
  readonly standardErrors: Partial<Readonly<Record<RateName, number>>>;
  readonly logLikelihood: number;
}

type Evaluate = (points: readonly (readonly number[])[]) => Promise<number[]>;

/** Half-widths of the finite differences in logarithms: they balance truncation against 1e-13 of rounding. */
const gradientStep = 1e-4;
const curvatureStep = 1e-3;

/** Multiples of the curvature's diagonal that Levenberg's damping adds; each iteration takes the best. */
const dampings = [0, 1e-3, 1e-2, 0.1, 1, 10, 100, 1e3];

const iterationsMax = 200;

/** A rate below this is zero for all that counts can say: the likelihood is flat in its logarithm, and it has no standard error. */
const rateMin = 1e-8;

/**
 * Maximum of the exact likelihood of complete counts, by damped Newton steps in the logarithms of the rates.
 *
 * @param options.immigration false holds immigration at zero.
 * @throws {RangeError} if times and counts do not fit each other, or if no rates make the counts possible.
 */
export async function maximumLikelihood(
  series: CountSeries,
  options: { immigration?: boolean; signal?: AbortSignal } = {},
): Promise<MaximumLikelihood> {
  const { immigration = true, signal } = options;
  const traced = program((rates: Tensor) => logLikelihood(rates, series));
  const evaluate: Evaluate = async (points) => {
    const rows = Float64Array.from(points.flatMap((point) => [point[0]!, point[1]!, immigration ? point[2]! : 0]));
    using values = await traced.runAsync([array(rows, { shape: [points.length, 3] })], signal ? { signal } : {});
    return Array.from(values.data());
  };
  const best = await climb((points) => evaluate(points.map((point) => point.map(Math.exp))), immigration ? 3 : 2);

  const found = best.point.map(Math.exp);
  const inside = found.flatMap((rate, axis) => (rate > rateMin ? [axis] : []));
  const place = (factors: readonly number[]): number[] =>
    found.map((rate, axis) => (inside.includes(axis) ? rate * factors[inside.indexOf(axis)]! : rate));
  const { hessian } = await derivatives(
    (points) => evaluate(points.map(place)),
    inside.map(() => 1),
  );
  const covariance = inverse(hessian.map((row) => row.map((value) => -value)));
  return {
    rates: { birthRate: found[0]!, deathRate: found[1]!, immigrationRate: found[2] ?? 0 },
    standardErrors: Object.fromEntries(inside.map((axis, i) => [rateNames[axis]!, found[axis]! * Math.sqrt(covariance[i]![i]!)])),
    logLikelihood: best.value,
  };
}

/** Newton's method with Levenberg's damping from the best point of a grid. */
async function climb(evaluate: Evaluate, free: number): Promise<Point> {
  let best = await start(evaluate, free);
  for (let iteration = 0; iteration < iterationsMax; iteration++) {
    const { gradient, hessian } = await derivatives(evaluate, best.point);
    const candidates = dampings.map((damping) => {
      const curvature = hessian.map((row, i) =>
        row.map((value, j) => (i === j ? -value + damping * Math.max(Math.abs(value), 1e-6) : -value)),
      );
      const step = solve(curvature, gradient);
      // Half a natural logarithm at most: no step leaves the region where the quadratic means anything.
      const limit = Math.min(1, 0.5 / Math.max(...step.map(Math.abs), 1e-300));
      return best.point.map((value, i) => value + limit * step[i]!);
    });
    const next = highest(candidates, await evaluate(candidates));
    const gain = next.value - best.value;
    if (gain > 0) best = next;
    if (!(gain > 1e-13 * Math.abs(best.value))) return best;
  }
  throw new RangeError(
    `no maximum after ${iterationsMax} Newton steps: the likelihood still rises at rates ${best.point.map(Math.exp).join(", ")}`,
  );
}

interface Point {
  /** Logarithms of the free rates. */
  readonly point: readonly number[];
  readonly value: number;
}

function highest(points: readonly (readonly number[])[], values: readonly number[]): Point {
  return points.reduce<Point>((best, point, i) => (values[i]! > best.value ? { point, value: values[i]! } : best), {
    point: points[0]!,
    value: -Infinity,
  });
}

/** The best of a coarse grid: powers of two for births and for deaths, powers of four for immigration. */
async function start(evaluate: Evaluate, free: number): Promise<Point> {
  const powers = (from: number, to: number, base: number): number[] =>
    Array.from({ length: to - from + 1 }, (_, k) => (from + k) * Math.log(base));
  const perCapita = powers(-8, 4, 2);
  const grid = perCapita.flatMap((birth) =>
    perCapita.flatMap((death) => (free === 2 ? [[birth, death]] : powers(-3, 3, 4).map((immigration) => [birth, death, immigration]))),
  );
  const best = highest(grid, await evaluate(grid));
  if (best.value === -Infinity)
    throw new RangeError("the counts are impossible at every rate: a population without immigration cannot come back from zero");
  return best;
}

/** Gradient and second derivatives by central differences, in one evaluation of all points. */
async function derivatives(evaluate: Evaluate, at: readonly number[]): Promise<{ gradient: number[]; hessian: number[][] }> {
  const moved = (...moves: [axis: number, step: number][]): number[] =>
    at.map((value, i) => moves.reduce((sum, [axis, step]) => (axis === i ? sum + step : sum), value));
  const h = gradientStep;
  const k = curvatureStep;
  const axes = at.map((_, i) => i);
  const corners = (i: number, j: number): number[][] => [
    moved([i, k], [j, k]),
    moved([i, k], [j, -k]),
    moved([i, -k], [j, k]),
    moved([i, -k], [j, -k]),
  ];
  const values = await evaluate([
    ...axes.flatMap((i) => [moved([i, h]), moved([i, -h])]),
    ...axes.flatMap((i) => axes.flatMap((j) => corners(i, j))),
  ]);
  return {
    gradient: axes.map((i) => (values[2 * i]! - values[2 * i + 1]!) / (2 * h)),
    hessian: axes.map((i) =>
      axes.map((j) => {
        const first = 2 * at.length + 4 * (i * at.length + j);
        return (values[first]! - values[first + 1]! - values[first + 2]! + values[first + 3]!) / (4 * k * k);
      }),
    ),
  };
}

/** Solves a small linear system by Gauss-Jordan elimination with pivoting. */
function solve(matrix: readonly (readonly number[])[], right: readonly number[]): number[] {
  const rows = matrix.map((row, i) => [...row, right[i]!]);
  for (let column = 0; column < rows.length; column++) {
    let pivot = column;
    for (let row = column; row < rows.length; row++) if (Math.abs(rows[row]![column]!) > Math.abs(rows[pivot]![column]!)) pivot = row;
    [rows[column], rows[pivot]] = [rows[pivot]!, rows[column]!];
    for (let other = 0; other < rows.length; other++) {
      if (other === column) continue;
      const factor = rows[other]![column]! / rows[column]![column]!;
      rows[other] = rows[other]!.map((value, j) => value - factor * rows[column]![j]!);
    }
  }
  return rows.map((row, i) => row[rows.length]! / row[i]!);
}

function inverse(matrix: readonly (readonly number[])[]): number[][] {
  return matrix.map((_, i) =>
    solve(
      matrix,
      matrix.map((__, j) => Number(i === j)),
    ),
  );
}
