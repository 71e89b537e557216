import { abstractly, constant, full, type NdArray, type Shape, Tensor, take } from "@credence/tensor";
import { componentNames } from "../distribution/components.ts";
import { type Data, dataArray } from "./data.ts";
import { noteValues, type Observed, observation } from "./observed.ts";
import { noting, type Slot, strict, type Values, valuesOf } from "./slot.ts";

/**
 * What a likelihood function gives for one draw: data with their distribution; a log-likelihood that is a number; or several of these by name,
 * where a log-likelihood may also be an array of terms.
 */
export type Likelihood = Observed | Tensor | { readonly [name: string]: Observed | Tensor };

/** What is known of one part of the likelihood. */
export interface ObservationInfo {
  readonly name: string;
  /** Of the data; undefined where a log-likelihood is given without a distribution, which cannot be predicted. */
  readonly shape: Shape | undefined;
  /** Names of its terms in the pointwise log-likelihood: `y[3]`. Empty for a log-likelihood that is one number of all data. */
  readonly terms: readonly string[];
}

/** The likelihood of a model, for one draw of its parameters. Traced. */
export interface LikelihoodOf {
  readonly observations: readonly ObservationInfo[];
  /** Rows of the data; undefined where none were given row by row. */
  readonly rows: number | undefined;
  /** The data given row by row. */
  readonly data: Readonly<Record<string, NdArray>>;
  /** Whether every part has a term, or a row of terms, for each row of the data. */
  readonly separable: boolean;
  /** Parameters that it asks for. */
  readonly asked: ReadonlySet<string>;
  /** What the data cannot tell, in plain sentences. */
  readonly warnings: readonly string[];
  /** Terms by name of the part; of the rows `at` alone, or with the data `at` instead of those given. */
  terms(values: Values, at?: Tensor | Values): Readonly<Record<string, Tensor>>;
  /** New data by name, for the rows of `data` if given. */
  draw(values: Values, keyOf: (i: number) => Tensor, data?: Readonly<Record<string, Data>>): Readonly<Record<string, Tensor>>;
}

type LikelihoodFunction = (values: Values, data: Values) => Likelihood;

const none: LikelihoodOf = {
  observations: [],
  rows: undefined,
  data: {},
  separable: false,
  asked: new Set(),
  warnings: [],
  terms: () => ({}),
  draw: () => ({}),
};

export function likelihoodOf(
  likelihood: LikelihoodFunction | undefined,
  data: Readonly<Record<string, Data>>,
  slots: readonly Slot[],
): LikelihoodOf {
  const arrays = Object.entries(data).map(([name, values]) => [name, dataArray(name, values)] as const);
  const count = rowsOf(arrays);
  if (!likelihood) {
    if (arrays.length > 0) throw new RangeError("model: there are data and no likelihood; give a function of parameters and data");
    return none;
  }
  const dataAt = (rows?: Tensor): Values =>
    strict(
      Object.fromEntries(
        arrays.map(([name, values]) => [name, noteValues(rows ? take(constant(values), rows) : constant(values), values)]),
      ),
      "data given",
    );
  const parts = (values: Values, at?: Tensor | Values) =>
    partsOf(likelihood(values, at === undefined || at instanceof Tensor ? dataAt(at) : at));
  const termsOf = (values: Values, at?: Tensor | Values) =>
    Object.fromEntries(
      parts(values, at).map(([name, part]) => [name, part instanceof Tensor ? part.cast("f64") : observation(name, part).terms()]),
    );
  const asked = new Set<string>();
  const warnings: string[] = [];
  // Traced once without a run: what does not fit is refused here.
  const observations = abstractly(
    slots.map(({ shape }) => ({ shape, dtype: "f64" as const })),
    (...tensors) => {
      const values = noting(valuesOf(slots, tensors), asked);
      const terms = termsOf(values);
      return parts(values).map(([name, part, whole]): ObservationInfo => {
        if (slots.some((slot) => slot.name === name))
          throw new RangeError(`model: ${name} is both a parameter and a part of the likelihood`);
        const { shape } = terms[name]!;
        const seen = part instanceof Tensor ? undefined : observation(name, part);
        if (seen?.warning) warnings.push(seen.warning);
        return {
          name,
          shape: seen?.shape,
          terms: whole ? [] : componentNames(name, shape),
        };
      });
    },
  );
  return {
    observations,
    rows: count,
    data: Object.fromEntries(arrays),
    separable: arrays.length > 0 && isSeparable(arrays, slots, termsOf),
    asked,
    warnings,
    terms: termsOf,
    draw: (values, keyOf, other) =>
      Object.fromEntries(
        parts(values, other && strict(otherRows(arrays, other), "data given")).flatMap(([name, part], i) =>
          part instanceof Tensor ? [] : [[name, observation(name, part).draw(keyOf(i))]],
        ),
      ),
  };
}

/** Whether the likelihood of a few rows is as many terms: traced once without a run. */
function isSeparable(arrays: readonly (readonly [string, NdArray])[], slots: readonly Slot[], termsOf: LikelihoodOf["terms"]): boolean {
  const few = 3;
  const abstract = [
    ...slots.map(({ shape }) => ({ shape, dtype: "f64" as const })),
    ...arrays.map(([, { shape, dtype }]) => ({ shape: shape.with(0, few), dtype })),
  ];
  try {
    return abstractly(abstract, (...tensors) => {
      const data = arrays.map(([name, values], i) => [name, noteValues(tensors[slots.length + i]!, values)]);
      const terms = termsOf(valuesOf(slots, tensors), strict(Object.fromEntries(data), "data given"));
      return Object.values(terms).every(({ shape }) => shape[0] === few);
    });
  } catch {
    return false; // A function that fits all rows together, and no other number of them.
  }
}

/** Parts by name, and whether a part is the whole likelihood as one number. */
function partsOf(given: Likelihood): (readonly [name: string, part: Observed | Tensor, whole: boolean])[] {
  if (given instanceof Tensor) {
    if (given.rank > 0)
      throw new RangeError(
        `model: the likelihood must be one number for one draw, got an array [${given.shape.join(", ")}]; sum() it, or give its terms a name: { y: terms }`,
      );
    return [["likelihood", given, true]];
  }
  if (isObserved(given)) return [["y", given, false]];
  const wrong = (got: unknown) =>
    new TypeError(
      `model: a likelihood gives observed(distribution, data), a log-likelihood that is a Tensor, or several of these by name; got ${got === null ? "null" : typeof got}`,
    );
  if (given === null || typeof given !== "object" || Array.isArray(given)) throw wrong(given);
  const entries = Object.entries(given);
  if (entries.length === 0) throw new RangeError("model: the likelihood has no part; leave it out for a prior alone");
  return entries.map(([name, part]) => {
    if (!(part instanceof Tensor || isObserved(part))) throw wrong(part);
    return [name, part, false];
  });
}

const isObserved = (value: unknown): value is Observed =>
  value !== null && typeof value === "object" && (value as Partial<Observed>).kind === "observed" && "distribution" in value;

/** Data of other rows. What is left out is NaN: the values of data that are only observed are not looked at when new ones are drawn. */
function otherRows(own: readonly (readonly [string, NdArray])[], other: Readonly<Record<string, Data>>): Record<string, Tensor> {
  const given = Object.entries(other).map(([name, values]) => [name, dataArray(name, values)] as const);
  const count = rowsOf(given);
  if (count === undefined) throw new RangeError("model: expected data of other rows, got none");
  for (const [name, { shape }] of given) {
    const expected = own.find(([known]) => known === name)?.[1].shape.slice(1);
    if (!expected) throw new RangeError(`model: there are no data ${name}; there are ${own.map(([known]) => known).join(", ") || "none"}`);
    if (expected.join() !== shape.slice(1).join())
      throw new RangeError(`model: rows of the data ${name} have shape [${expected.join(", ")}], got [${shape.slice(1).join(", ")}]`);
  }
  const missing = own.filter(([name]) => !(name in other)).map(([name, { shape }]) => [name, full([count, ...shape.slice(1)], NaN, "f64")]);
  return { ...Object.fromEntries(given.map(([name, values]) => [name, constant(values)])), ...Object.fromEntries(missing) };
}

function rowsOf(arrays: readonly (readonly [string, NdArray])[]): number | undefined {
  const first = arrays[0];
  if (!first) return undefined;
  for (const [name, { shape }] of arrays)
    if (shape.length === 0 || shape[0] !== first[1].shape[0])
      throw new RangeError(
        `model: data have a row for each observation: ${first[0]} has shape [${first[1].shape.join(", ")}], ${name} has [${shape.join(", ")}]; values that are no rows belong into the function itself`,
      );
  return first[1].shape[0];
}
