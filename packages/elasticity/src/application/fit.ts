import { correlation, type JsonValue, phase, summarizeDraws } from "@credence/core";
import { array, type NdArray } from "@credence/tensor";
import { engineeringOf } from "../material.ts";
import type { Observation } from "./observation.ts";
import { inputsOf, type Run } from "./run.ts";
import { phaseFormat } from "./settings.ts";

/** Quantities that reports and `summary.json` speak of. */
export const quantityNames = ["lambda", "mu", "young", "poisson"] as const;
export type QuantityName = (typeof quantityNames)[number];

/** What a method says of its answer, beside its draws. */
export type FitFacts = {
  /** As reports call it. */
  readonly label: string;
  /** log evidence, nats, where the method gives it. */
  readonly logEvidence: number | null;
  readonly warnings: readonly string[];
  /** Further numbers for the report, such as R-hat. */
  readonly numbers: Readonly<Record<string, number>>;
};

/** A posterior of lambda and mu by one method. */
export interface Fit {
  readonly key: string;
  readonly facts: FitFacts;
  /** f64 [n, 2] */
  readonly draws: NdArray;
  readonly seconds: number;
  readonly fingerprint: string;
}

export interface Method {
  /** Names its phase: `nuts`, `laplace`. */
  readonly key: string;
  readonly label: string;
  /** What fixes the answer, beside data, seed and effort. */
  readonly inputs?: JsonValue;
  run(): Promise<MethodResult>;
}

export interface MethodResult {
  /** [n, 2] or [chains, n, 2]: lambda and mu. */
  readonly draws: NdArray;
  readonly logEvidence?: number;
  readonly warnings?: readonly string[];
  readonly numbers?: Readonly<Record<string, number>>;
}

/** A method that gave no posterior, and what it said. */
export interface Refusal {
  readonly label: string;
  readonly refusal: string;
}

/** Runs a method that need not serve these data: one that refuses them says why, and the report repeats it. */
export async function attemptPhase(run: Run<Observation>, method: Method): Promise<Fit | Refusal> {
  let refusal: string | undefined;
  const { directory } = run;
  const heard = await phase<{ refusal: string | null }>({
    directory,
    format: phaseFormat,
    name: `attempt-${method.key}`,
    inputs: [inputsOf(run), method.inputs ?? null],
    compute: async () => {
      try {
        await fitPhase(run, method);
      } catch (error) {
        if (!(error instanceof RangeError)) throw error;
        refusal = error.message;
      }
      return { facts: { refusal: refusal ?? null } };
    },
  });
  return heard.facts.refusal === null ? fitPhase(run, method) : { label: method.label, refusal: heard.facts.refusal };
}

/** Runs a method as a phase, or reads what it left. */
export async function fitPhase(run: Run<Observation>, { key, label, inputs = null, run: compute }: Method): Promise<Fit> {
  const { directory, context } = run;
  const done = await phase<FitFacts>({
    directory,
    format: phaseFormat,
    name: `fit-${key}`,
    inputs: [inputsOf(run), inputs],
    compute: async () => {
      context.signal.throwIfAborted();
      context.progress(label, 0, 1);
      const { draws, logEvidence, warnings = [], numbers = {} } = await compute();
      context.signal.throwIfAborted();
      context.progress(label, 1, 1);
      if (draws.shape.at(-1) !== 2) throw new RangeError(`${key} gave draws [${draws.shape.join(", ")}], expected pairs of lambda and mu`);
      return {
        facts: { label, logEvidence: logEvidence ?? null, warnings, numbers },
        arrays: { draws: Float64Array.from(draws.data()) },
      };
    },
  });
  const values = done.arrays.draws!;
  return {
    key,
    facts: done.facts,
    draws: array(values, { shape: [values.length / 2, 2] }),
    seconds: done.seconds,
    fingerprint: done.fingerprint,
  };
}

/** Draws of one quantity. */
export function quantity(fit: Fit, name: QuantityName): Float64Array {
  const values = fit.draws.data() as Float64Array;
  const column = (k: number): Float64Array => Float64Array.from({ length: values.length / 2 }, (_, i) => values[2 * i + k]!);
  if (name === "lambda") return column(0);
  if (name === "mu") return column(1);
  const [lambda, mu] = [column(0), column(1)];
  return lambda.map((l, i) => engineeringOf({ lambda: l, mu: mu[i]! })[name]);
}

export const unitOf = (name: QuantityName, { stressUnit }: Observation): string => (name === "poisson" ? "" : stressUnit);

/** Summaries by quantity, as `summary.json` has them. */
export const summariesOf = (fit: Fit, observation: Observation) =>
  Object.fromEntries(quantityNames.map((name) => [name, summarizeDraws(quantity(fit, name), unitOf(name, observation))]));

/** Correlation of lambda and mu. */
export const correlationOf = (fit: Fit): number => correlation(quantity(fit, "lambda"), quantity(fit, "mu"));

/** Rows of the draws at even distances, [count, 2], where fewer are wanted. */
export function thinned(fit: Fit, count: number): NdArray {
  const values = fit.draws.data() as Float64Array;
  const rows = values.length / 2;
  const kept = Math.min(count, rows);
  const out = new Float64Array(2 * kept);
  for (let i = 0; i < kept; i++) out.set(values.subarray(2 * Math.floor((i * rows) / kept), 2 * Math.floor((i * rows) / kept) + 2), 2 * i);
  return array(out, { shape: [kept, 2] });
}
