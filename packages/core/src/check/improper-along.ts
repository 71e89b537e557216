import { array, iota, map, NdArray, program, type Tensor, where } from "@credence/tensor";
import type { Target } from "../model/target.ts";
import { listed } from "./elpd.ts";

/** How far out, in the units of the coordinates; times the largest number of the point where that is more than 1. */
const [nearer, farther] = [1e10, 1e15];

/**
 * Log densities from which a density that falls as 1 / t or more slowly is told: between the two distances it falls by log(farther / nearer) then. The margin is for the
 * rounding of log densities of up to 1e8.
 */
const fallMin = Math.log(farther / nearer) * (1 + 1e-6);

/**
 * Coordinates along which a density is improper: on the line through a point it falls as 1 / distance or more slowly, so that its integral is infinite. For a
 * proper density that holds on almost no line. Lines in other directions, and slower ways to infinity than 1e10, are not seen.
 * @param points u [n, D] of finite log density, or one u [D]. The lines are shared out among them, and the log density is asked for n rows at once
 * @returns "b (upwards)", "log tau (downwards)", "c (both ways)"
 */
export async function improperAlong(
  target: Target,
  points: NdArray | ArrayLike<number>,
  options: { readonly device?: string; readonly threads?: number; readonly signal?: AbortSignal } = {},
): Promise<string[]> {
  const { dimension, coordinates } = target;
  const place = options.device === undefined ? {} : { device: options.device };
  const from = Float64Array.from(points instanceof NdArray ? points.data() : points);
  const n = from.length / dimension;
  // Half-line k goes upwards along coordinate k / 2, or downwards, from row k mod n. Rows beyond the last half-line go nowhere.
  const turns = Math.ceil((2 * dimension) / n);
  const half = Array.from({ length: turns * n }, (_, k) => k);
  const sizes = Array.from({ length: n }, (_, r) =>
    from.subarray(r * dimension, (r + 1) * dimension).reduce((m, u) => Math.max(m, Math.abs(u)), 1),
  );
  const run = program(
    (u: Tensor, along: Tensor, step: Tensor) =>
      map(
        ([which, way]: readonly [Tensor, Tensor]) => {
          const shift = where(iota([n, dimension], -1).equal(which.expandDims(1)), way.expandDims(1), 0);
          return { near: target.logDensity(u.add(shift)), far: target.logDensity(u.add(shift.mul(farther / nearer))) };
        },
        [along, step],
      ),
    { ...place, threads: options.threads ?? 1, name: "log density far out" },
  );
  using u = array(from, { shape: [n, dimension], ...place });
  using along = array(
    Int32Array.from(half, (k) => Math.floor(k / 2)),
    { shape: [turns, n], ...place },
  );
  using step = array(
    Float64Array.from(half, (k) => (k % 2 === 0 ? nearer : -nearer) * sizes[k % n]!),
    { shape: [turns, n], ...place },
  );
  const found = await run.runAsync([u, along, step], options.signal ? { signal: options.signal } : {});
  using nears = found.near;
  using fars = found.far;
  const [near, far] = [nears.data(), fars.data()];
  const stays = (k: number): boolean => near[k]! > Number.NEGATIVE_INFINITY && near[k]! - far[k]! < fallMin; // false for NaN
  return coordinates.flatMap((name, d) => {
    const ways = [stays(2 * d) ? "upwards" : "", stays(2 * d + 1) ? "downwards" : ""].filter((way) => way !== "");
    return ways.length === 0 ? [] : [`${name} (${ways.length === 2 ? "both ways" : ways[0]})`];
  });
}

/** What `improperAlong` found, in a plain sentence; none where it found nothing. */
export const improperSentence = (along: readonly string[]): string[] =>
  along.length === 0
    ? []
    : [
        `the density is improper along ${listed(along)}: far out it does not fall, or too slowly to have a finite mass, so that there is no posterior. ` +
          "Give that parameter a proper prior, or data that tell of it (a coefficient of a logistic regression does this where it separates the classes).",
      ];
