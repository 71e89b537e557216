import { type C2stOptions, compareWithOracle, derivedSeed, type JsonValue, phase } from "@credence/core";
import { array, type NdArray } from "@credence/tensor";
import { rowsOf } from "./evaluate.ts";
import { type Fit, inputsOf } from "./fit.ts";
import type { Run } from "./run.ts";
import { phaseFormat } from "./settings.ts";

/** How a method's draws differ from the oracle's. */
export type Difference = {
  readonly key: string;
  /** Largest |difference of means|, in the oracle's sd, and whose it is. */
  readonly meanShift: number;
  readonly meanShiftOf: string;
  /** Smallest and largest ratio of sds, and whose they are. */
  readonly sdRatioMin: number;
  readonly sdRatioMinOf: string;
  readonly sdRatioMax: number;
  readonly correlationDifference: number;
  readonly correlationOf: readonly [string, string] | null;
  readonly correlationOracle: number | null;
  readonly correlationMethod: number | null;
  readonly remarks: readonly string[];
  /** Accuracy of a classifier; null where none was trained. */
  readonly c2st: number | null;
};

/** Draws of some quantities of a fit, [n, d]. */
export function chosen(fit: Fit, names: readonly string[], count?: number): NdArray {
  using rows = rowsOf(fit.draws, count);
  const width = fit.facts.names.length;
  const places = names.map((name) => fit.facts.names.indexOf(name));
  const missing = places.indexOf(-1);
  if (missing >= 0) throw new RangeError(`${fit.key} has no quantity ${names[missing]}; it has ${fit.facts.names.join(", ")}`);
  const values = rows.data();
  const out = new Float64Array((values.length / width) * names.length);
  for (let i = 0, at = 0; i < values.length; i += width) for (const place of places) out[at++] = values[i + place]!;
  return array(out, { shape: [values.length / width, names.length] });
}

/** Holds each method against the oracle in the quantities named, and trains a classifier for those in `classified`. */
export async function comparePhase(
  run: Run,
  options: {
    readonly fits: readonly Fit[];
    readonly oracle: Fit;
    readonly names: readonly string[];
    readonly labels: readonly string[];
    readonly classified: readonly string[];
    /** Quantities that the classifier sees, all unless given: with many, it needs more draws than there are. */
    readonly seen?: readonly string[];
  },
): Promise<{ readonly differences: readonly Difference[]; readonly seconds: number }> {
  const { fits, oracle, names, labels, classified, seen = names } = options;
  const { directory, context, seed, effort } = run;
  const done = await phase<{ differences: Difference[] }>({
    directory,
    format: phaseFormat,
    name: "compare",
    inputs: [
      inputsOf(run),
      oracle.fingerprint,
      fits.map(({ fingerprint }) => fingerprint),
      [...names],
      [...classified],
      [...seen],
    ] as JsonValue,
    compute: async () => {
      const differences: Difference[] = [];
      for (const [i, fit] of fits.entries()) {
        context.signal.throwIfAborted();
        context.progress("compare", i, fits.length);
        const training: C2stOptions = { seed: derivedSeed(seed, 30 + i), signal: context.signal };
        const withClassifier = classified.includes(fit.key);
        const count = withClassifier ? effort.classifierDraws : undefined;
        const found = await compareWithOracle({
          names: labels,
          approximation: chosen(fit, names),
          oracle: chosen(oracle, names),
        });
        const { c2st } = withClassifier
          ? await compareWithOracle({
              names: seen,
              approximation: chosen(fit, seen, count),
              oracle: chosen(oracle, seen, count),
              c2st: training,
            })
          : { c2st: undefined };
        const by = <T>(list: readonly T[], of: (item: T) => number): T => list.reduce((a, b) => (of(a) >= of(b) ? a : b));
        const shifted = by(found.parameters, ({ meanShift }) => Math.abs(meanShift));
        const narrow = by(found.parameters, ({ sdRatio }) => -sdRatio);
        const pair = found.correlations[0];
        differences.push({
          key: fit.key,
          meanShift: shifted.meanShift,
          meanShiftOf: shifted.name,
          sdRatioMin: narrow.sdRatio,
          sdRatioMinOf: narrow.name,
          sdRatioMax: by(found.parameters, ({ sdRatio }) => sdRatio).sdRatio,
          correlationDifference: found.correlationDifference,
          correlationOf: pair?.names ?? null,
          correlationOracle: pair?.oracle ?? null,
          correlationMethod: pair?.approximation ?? null,
          remarks: found.remarks,
          c2st: c2st ?? null,
        });
      }
      context.progress("compare", fits.length, fits.length);
      return { facts: { differences } };
    },
  });
  return { differences: done.facts.differences, seconds: done.seconds };
}
