import type { ChainDraws, Values } from "./chain-draws.ts";
import type { InferenceData, InferenceGroup, NumericArray, Variable } from "./inference-data.ts";

/** Arrays by the name of their variable. */
export type NamedValues = Readonly<Record<string, Values>>;

export interface InferenceSource {
  readonly posterior: ChainDraws;
  readonly prior?: Pick<ChainDraws, "names" | "draws">;
  /** log p(y_i | theta) of each draw, [chains, draws, ...]. */
  readonly logLikelihood?: NamedValues;
  /** Replicated data, [chains, draws, ...]. */
  readonly posteriorPredictive?: NamedValues;
  readonly priorPredictive?: NamedValues;
  readonly observedData?: NamedValues;
  /** What the model was given and does not predict. */
  readonly constantData?: NamedValues;
  /**
   * Numbers about the draws, by name: `r_hat`, `ess_bulk`, `contraction` of each of `posterior.names`; `e_bfmi` of each chain; `k_hat`,
   * `elpd_loo` of each datum.
   */
  readonly diagnostics?: {
    readonly byQuantity?: Readonly<Record<string, ArrayLike<number>>>;
    readonly byChain?: Readonly<Record<string, ArrayLike<number>>>;
    readonly byDatum?: Readonly<Record<string, ArrayLike<number>>>;
    /** Of the data. */
    readonly dataNames?: readonly string[];
  };
  /** Names of the axes of a variable, beyond chain and draw: `{ theta: ["school"], y: ["school"] }`. `theta_dim_0` and so on if absent. */
  readonly dimensions?: Readonly<Record<string, readonly string[]>>;
  /** Labels or values along axes, by their name. */
  readonly coordinates?: Readonly<Record<string, readonly string[] | Float64Array>>;
  readonly units?: Readonly<Record<string, string>>;
  readonly descriptions?: Readonly<Record<string, string>>;
}

/**
 * Groups of an InferenceData file from what a sampler gave back. Quantities `theta[0]`, `theta[1]`... become one variable theta with an
 * axis; where only some elements of an array are there, as of a triangle, they lie along one axis whose coordinates are their indices.
 * Statistics keep ArviZ's names, and the log density is `lp`.
 *
 * @throws {RangeError} or {TypeError} where shapes, names and axes do not agree.
 */
export function inferenceFromDraws(source: InferenceSource): InferenceData {
  const { posterior, prior, logLikelihood, posteriorPredictive, priorPredictive, observedData, constantData } = source;
  const group = (variables: Record<string, Variable>): InferenceGroup => withCoordinates(variables, source.coordinates ?? {});
  const drawnArrays = (values: NamedValues) => group(arrays(values, ["chain", "draw"], source));
  const plainArrays = (values: NamedValues) => group(arrays(values, [], source));
  return {
    posterior: quantities(posterior, source),
    sample_stats: statistics(posterior),
    ...(logLikelihood && { log_likelihood: drawnArrays(logLikelihood) }),
    ...(posteriorPredictive && { posterior_predictive: drawnArrays(posteriorPredictive) }),
    ...(prior && { prior: quantities(prior, source) }),
    ...(priorPredictive && { prior_predictive: drawnArrays(priorPredictive) }),
    ...(observedData && { observed_data: plainArrays(observedData) }),
    ...(constantData && { constant_data: plainArrays(constantData) }),
    ...(source.diagnostics && { diagnostics: diagnostics(posterior, source.diagnostics) }),
  };
}

function diagnostics(posterior: ChainDraws, given: NonNullable<InferenceSource["diagnostics"]>): InferenceGroup {
  const { byQuantity = {}, byChain = {}, byDatum = {}, dataNames } = given;
  const along = (dimension: string, size: number | undefined, values: Readonly<Record<string, ArrayLike<number>>>): [string, Variable][] =>
    Object.entries(values).map(([name, numbers]) => {
      if (size !== undefined && numbers.length !== size)
        throw new RangeError(`the diagnostic ${name} has ${numbers.length} values for ${size} of ${dimension}`);
      return [name, { dimensions: [dimension], shape: [numbers.length], values: Float64Array.from(numbers) }];
    });
  const variables = Object.fromEntries([
    ...along("quantity", posterior.names.length, byQuantity),
    ...along("chain", posterior.draws.shape[0], byChain),
    ...along("datum", dataNames?.length, byDatum),
  ]);
  return withCoordinates(variables, { quantity: posterior.names, ...(dataNames && { datum: dataNames }) });
}

type Labels = Pick<InferenceSource, "dimensions" | "coordinates" | "units" | "descriptions">;

/** The coordinates that are axes of these variables. */
function withCoordinates(variables: Record<string, Variable>, coordinates: NonNullable<InferenceSource["coordinates"]>): InferenceGroup {
  const axes = new Set(Object.values(variables).flatMap(({ dimensions }) => dimensions));
  return { variables, coordinates: Object.fromEntries(Object.entries(coordinates).filter(([name]) => axes.has(name))) };
}

function labelled(name: string, { units, descriptions }: Labels): Pick<Variable, "unit" | "description"> {
  const [unit, description] = [units?.[name], descriptions?.[name]];
  return { ...(unit !== undefined && { unit }), ...(description !== undefined && { description }) };
}

/** Axes of a variable with so many beyond the leading ones. */
function axesOf(name: string, count: number, { dimensions }: Labels): readonly string[] {
  const named = dimensions?.[name];
  if (named && named.length !== count)
    throw new RangeError(`${name} has ${count} axes beyond chain and draw, and dimensions names ${named.length}: ${named.join(", ")}`);
  return named ?? Array.from({ length: count }, (_, axis) => `${name}_dim_${axis}`);
}

function arrays(values: NamedValues, lead: readonly string[], labels: Labels): Record<string, Variable> {
  return Object.fromEntries(
    Object.entries(values).map(([name, given]): [string, Variable] => {
      const { shape } = given;
      if (shape.length < lead.length)
        throw new RangeError(`${name} has shape [${shape.join(", ")}]; expected it to begin with ${lead.join(", ")}`);
      return [
        name,
        {
          dimensions: [...lead, ...axesOf(name, shape.length - lead.length, labels)],
          shape,
          values: numeric(given.data()),
          ...labelled(name, labels),
        },
      ];
    }),
  );
}

/** An element of an array: theta[2] is 2 of theta, a plain name the whole of itself. */
interface Element {
  readonly column: number;
  readonly label: string;
  readonly index: readonly number[];
}

function quantities({ names, draws }: Pick<ChainDraws, "names" | "draws">, labels: Labels): InferenceGroup {
  const [chains = 0, length = 0, width = 0] = draws.shape;
  if (draws.shape.length !== 3 || width !== names.length)
    throw new RangeError(`draws have shape [${draws.shape.join(", ")}], expected [chains, draws, ${names.length}]`);
  const families = new Map<string, Element[]>();
  names.forEach((name, column) => {
    const [, base, label] = /^(.*)\[(\d+(?:,\s*\d+)*)\]$/.exec(name) ?? [];
    const family = base ?? name;
    const element = { column, label: label ?? "", index: label?.split(",").map(Number) ?? [] };
    families.set(family, [...(families.get(family) ?? []), element]);
  });
  const values = draws.data();
  const coordinates: Record<string, readonly string[] | Float64Array> = { ...labels.coordinates };
  const variables: Record<string, Variable> = {};
  for (const [name, elements] of families) {
    const extents = boxOf(name, elements);
    const flat = extents === undefined;
    const shape = extents ?? [elements.length];
    const axes = axesOf(name, shape.length, labels);
    if (flat) coordinates[axes[0]!] ??= elements.map(({ label }) => label);
    const size = elements.length;
    const all = new Float64Array(chains * length * size);
    for (let s = 0; s < chains * length; s++) elements.forEach(({ column }, e) => (all[s * size + e] = values[s * width + column]!));
    variables[name] = { dimensions: ["chain", "draw", ...axes], shape: [chains, length, ...shape], values: all, ...labelled(name, labels) };
  }
  return withCoordinates(variables, coordinates);
}

/** Extents of the array whose elements these are, in order; undefined where some are missing. */
function boxOf(name: string, elements: readonly Element[]): number[] | undefined {
  const rank = elements[0]!.index.length;
  if (elements.some(({ index }) => index.length !== rank))
    throw new RangeError(`the elements of ${name} have indices of different lengths`);
  const first = elements[0]!.index;
  const extents = first.map((low, axis) => Math.max(...elements.map(({ index }) => index[axis]!)) - low + 1);
  if (extents.reduce((product, extent) => product * extent, 1) !== elements.length) return undefined;
  const inOrder = elements.every(({ index }, e) => index.reduce((at, i, axis) => at * extents[axis]! + i - first[axis]!, 0) === e);
  return inOrder ? extents : undefined;
}

/** Statistics that are whole numbers, or yes and no. */
const whole = new Set(["tree_depth", "n_steps"]);
const flags = new Set(["diverging", "reached_max_treedepth"]);

function statistics({ draws, stats, logDensity, warnings }: ChainDraws): InferenceGroup {
  const [chains = 0, length = 0] = draws.shape;
  const all: NamedValues = { ...stats, ...(logDensity && { lp: logDensity }) };
  const variables = Object.fromEntries(
    Object.entries(all).map(([name, statistic]): [string, Variable] => {
      const { shape } = statistic;
      if (shape.join() !== `${chains},${length}`)
        throw new RangeError(`the statistic ${name} has shape [${shape.join(", ")}], expected [${chains}, ${length}]`);
      const values = statistic.data();
      return [
        name,
        {
          dimensions: ["chain", "draw"],
          shape,
          // xarray keeps booleans as bytes with this attribute, and reads them back as booleans.
          ...(flags.has(name)
            ? { values: Uint8Array.from(values), attributes: { dtype: "bool" } }
            : { values: whole.has(name) ? Int32Array.from(values) : numeric(values) }),
        },
      ];
    }),
  );
  return { variables, ...(warnings && warnings.length > 0 && { attributes: { warnings: warnings.join("\n") } }) };
}

function numeric(values: ArrayLike<number>): NumericArray {
  return values instanceof Float64Array ||
    values instanceof Float32Array ||
    values instanceof Int32Array ||
    values instanceof Uint32Array ||
    values instanceof Uint8Array
    ? values
    : Float64Array.from(values);
}
