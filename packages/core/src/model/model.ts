import {
  abstractly,
  array,
  concat,
  constant,
  index,
  type NdArray,
  random,
  reshape,
  type Shape,
  scatterAdd,
  sum,
  type Tensor,
  take,
  vmap,
} from "@credence/tensor";
import { componentNames } from "../distribution/components.ts";
import { collinearWarningsNow } from "../exact/collinear.ts";
import { likelihoodByBlocks } from "./by-blocks.ts";
import type { Data } from "./data.ts";
import { centring, undecidedAmong } from "./forms.ts";
import { type Gradient, gradientOf } from "./gradient.ts";
import { type Likelihood, likelihoodOf, type ObservationInfo } from "./likelihood.ts";
import { formOf, freeOf, noting, type ParameterPrior, type Slot, slotsOf, strict, type Values, valuesOf } from "./slot.ts";
import type { Target } from "./target.ts";

export interface ModelOptions<K extends string, R extends string = never> {
  /**
   * Parameters that are drawn in their non-centred form, as theta = mu + tau z with z standard. If absent, the model's coordinates are the parameters
   * themselves, and `nuts`, `hmc` and `chees` find out which form of those with an inferred scale is easier to walk in; `[]` holds them to the parameters.
   */
  readonly noncentred?: readonly NoInfer<K>[];
  /**
   * Data with one row an observation, all of the same number: f64 to the likelihood, or i32 from an Int32Array of indices. Its terms must be of
   * their own rows alone: samplers take many rows block by block, and minibatches take some of them.
   */
  readonly data?: { readonly [N in R]: Data };
  /** Further quantities of one draw, by name. */
  readonly derived?: (values: Values<K>) => Readonly<Record<string, Tensor>>;
}

export interface ParameterInfo {
  readonly name: string;
  /** Empty for a pure number, and where none was said. */
  readonly unit: string;
  readonly shape: Shape;
  /** A derived quantity. */
  readonly derived: boolean;
  /** Elements of the value, in row-major order, that are among the quantities: all but what a correlation factor always is. */
  readonly reported: readonly number[];
}

/** A prior with a likelihood. Its functions are traced, in f64, over n rows u [n, D] of unconstrained numbers. */
export interface Model<K extends string = string> extends Target {
  /** Parameters in the order declared, then derived quantities. */
  readonly parameters: readonly ParameterInfo[];
  /** Parts of the likelihood. */
  readonly observations: readonly ObservationInfo[];
  /** N of the data given row by row. */
  readonly rows: number | undefined;
  /** Parameters, and derived quantities, by name at u: [n, ...shape] each. */
  values(u: Tensor): Values<K> & Readonly<Record<string, Tensor>>;
  /** log prior + log |det dtheta/du|, [n]. */
  logPrior(u: Tensor): Tensor;
  /**
   * Log-likelihood, [n].
   * @param rows i32 [B]: of these rows of the data alone, times N / B, whose mean over random rows is the whole
   */
  logLikelihood(u: Tensor, rows?: Tensor): Tensor;
  terms(u: Tensor): Readonly<Record<string, Tensor>>;
  /** Log-likelihood of every term, [n, N], the terms of `observations` one after the other. */
  pointwise(u: Tensor): Tensor;
  /**
   * New data at u by name, [n, ...shape] each. A key, or one for each row, [n, 2].
   * @param data of other rows, in place of `options.data`; what is only observed may be left out
   */
  predict(key: Tensor, u: Tensor, data?: Readonly<Record<string, Data>>): Readonly<Record<string, Tensor>>;
  /** Draws from the prior, u [n, D]. A key, or one for each row, [n, 2]. */
  samplePrior(key: Tensor, n: number): Tensor;
  /** The u [n, D] of quantities [n, K], the inverse of `constrain`. */
  unconstrain(quantities: Tensor): Tensor;
}

/**
 * A model: named parameters with priors, and a likelihood, both written for one draw; `model` runs them for many at once.
 *
 *     const eightSchools = model(
 *       { mu: normal(0, 5), tau: halfCauchy(5), theta: ({ mu, tau }) => plate(normal(mu, tau), 8) },
 *       ({ theta }) => observed(normal(theta, sigma), y),
 *       { noncentred: ["theta"] },
 *     );
 *
 * A prior over a bounded quantity is mapped to all numbers, with the log derivative of the map in the density. Chains start as Stan's do, from
 * uniform(-2, 2) for each coordinate of u; a sampler draws again where the density is not finite there.
 * @param parameters priors by name, or functions of the parameters before that give one. A prior that is a batch is an array of its shape
 * @param likelihood of the parameters, and of `options.data`. Absent: the prior alone
 * @throws TypeError, RangeError that names the parameter or the data
 */
export function model<K extends string, R extends string = never>(
  parameters: { readonly [N in K]: ParameterPrior<K> },
  likelihood?: (values: Values<K>, data: Values<R>) => Likelihood,
  options: ModelOptions<K, R> = {},
): Model<K> {
  const slots = slotsOf(parameters as Readonly<Record<string, ParameterPrior>>, options.noncentred ?? []);
  const dimension = slots.reduce((total, { size }) => total + size, 0);
  const parts = likelihoodOf(likelihood as never, options.data ?? {}, slots);
  const improper = slots.find((slot) => slot.improper);
  if (improper && !likelihood)
    throw new RangeError(
      `model: the prior of ${improper.name} is improper and there is no likelihood, so that there is no posterior; give it a proper prior or add the likelihood`,
    );
  refuseUntold(slots, parts.asked);

  /** Everything of one row u [D]. */
  const place = (u: Tensor): { values: Values; priors: Record<string, Tensor> } => {
    const values: Record<string, Tensor> = {};
    const priors: Record<string, Tensor> = {};
    for (const slot of slots) {
      const form = formOf(slot, slot.prior(strict(values)));
      const free = freeOf(slot, u);
      values[slot.name] = form.value(free);
      priors[slot.name] = form.logDensity(free, values[slot.name]!);
    }
    return { values: strict(values, "parameters"), priors };
  };
  const derivedOf = (values: Values): Record<string, Tensor> =>
    Object.fromEntries(Object.entries(options.derived?.(values as Values<K>) ?? {}).map(([name, value]) => [name, value.cast("f64")]));
  const quantities = quantitiesOf(slots, derivedOf);
  const likelihoodAt = (values: Values, rows?: Tensor): Tensor => total(Object.values(parts.terms(values, rows)).map((t) => sum(t)));
  const each = <T>(f: (u: Tensor) => T): ((u: Tensor) => T) => {
    const batched = vmap(f);
    return (u) => {
      if (u.rank !== 2 || u.shape[1] !== dimension)
        throw new RangeError(`model: expected u of shape [n, ${dimension}], got [${u.shape.join(", ")}]`);
      return batched(u);
    };
  };
  const spread = (u: Tensor): Tensor => {
    const { values } = place(u);
    const all: Readonly<Record<string, Tensor>> = { ...values, ...derivedOf(values) };
    return concat(quantities.map(({ name, reported }) => reportedElements(all[name]!, reported)));
  };
  const priorDraw = (key: Tensor): Tensor => {
    const keys = random.split(key, slots.length);
    const values: Record<string, Tensor> = {};
    return concat(
      slots.map((slot, i) => {
        const prior = slot.prior(strict(values));
        const value = prior.sample(index(keys, i), [], "f64");
        values[slot.name] = value;
        return reshape(formOf(slot, prior).free(value), [slot.size]);
      }),
    );
  };
  const freed = (row: Tensor): Tensor => {
    const values: Record<string, Tensor> = {};
    let at = 0;
    return concat(
      slots.map((slot) => {
        const value = restored(slot, row.slice([at], [(at += slot.reported.length)]));
        const prior = slot.prior(strict(values));
        values[slot.name] = value;
        return reshape(formOf(slot, prior).free(value), [slot.size]);
      }),
    );
  };

  const logDensity = each((u) => {
    const { values, priors } = place(u);
    return total([...Object.values(priors), ...(likelihood ? [likelihoodAt(values)] : [])]);
  });
  const whole = gradientOf(logDensity);
  const placed = each(place);
  /** Where there are many rows of data, the likelihood block by block with its gradient to the parameters, and that back from them to u. */
  const gradient: Gradient = (u) => {
    const slope = likelihoodByBlocks(parts, { ...placed(u).values });
    if (!slope) return whole(u);
    const pulledBack = gradientOf((x) => {
      const { values, priors } = placed(x);
      const pulled = Object.entries(slope.gradient).map(([name, g]) => sumOfRows(values[name]!.mul(g)));
      return total([...Object.values(priors), ...pulled]);
    });
    return { logDensity: total(Object.values(placed(u).priors)).add(slope.logLikelihood), gradient: pulledBack(u).gradient };
  };

  const undecided = options.noncentred === undefined ? undecidedAmong(slots) : [];
  return {
    dimension,
    ...(undecided.length > 0 && {
      forms: {
        undecided,
        noncentred(names) {
          const target = model(parameters, likelihood, { ...options, noncentred: names as readonly K[] });
          return { target, back: centring(slots, names, target.values) };
        },
      },
    }),
    coordinates: slots.flatMap(({ coordinates }) => coordinates),
    names: quantities.flatMap(({ names }) => names),
    parameters: quantities.map(({ name, unit, shape, derived, reported }) => ({ name, unit, shape, derived, reported })),
    observations: parts.observations,
    warnings: [...parts.warnings, ...(improper ? collinearData(parts.data) : [])],
    rows: parts.rows,
    // Chains go through many rows of data together: a row is read once for all of them.
    rowsAlike: parts.rows === undefined,
    logDensity,
    gradient,
    constrain: each(spread),
    initial: (key, n) => random.uniform(key, [n, dimension], { dtype: "f64", low: -2, high: 2 }),
    values: each((u) => {
      const { values } = place(u);
      return { ...values, ...derivedOf(values) };
    }) as Model<K>["values"],
    logPrior: each((u) => total(Object.values(place(u).priors))),
    logLikelihood(u, rows) {
      if (!likelihood) throw new RangeError("model: there is no likelihood");
      if (!rows) return each((row) => likelihoodAt(place(row).values))(u);
      if (parts.rows === undefined)
        throw new RangeError(
          "model: rows of the likelihood need data given row by row, as model(parameters, likelihood, { data: { x, y } })",
        );
      return each((row) => likelihoodAt(place(row).values, rows))(u).mul(parts.rows / rows.shape[0]!);
    },
    terms: each((u) => {
      const { values, priors } = place(u);
      const terms = Object.entries(parts.terms(values)).map(([name, part]) => [name, sum(part)]);
      return { ...priors, ...Object.fromEntries(terms) };
    }),
    pointwise(u) {
      const whole = parts.observations.find(({ terms }) => terms.length === 0);
      if (whole || !likelihood)
        throw new RangeError(
          `model: ${likelihood ? "the log-likelihood is one number" : "there is no likelihood"}; for its terms give observed(distribution, data), or terms by name: { y: terms }`,
        );
      return each((row) => concat(Object.values(parts.terms(place(row).values)).map((part) => reshape(part, [part.size]))))(u);
    },
    predict(key, u, data) {
      if (parts.observations.every(({ shape }) => shape === undefined))
        throw new RangeError("model: nothing can be predicted; give the data with their distribution: observed(distribution, data)");
      const one = (row: Tensor, own: Tensor) => {
        const keys = random.split(own, parts.observations.length);
        return parts.draw(place(row).values, (i) => index(keys, i), data);
      };
      return vmap(one)(u, rowKeys(key, u.shape[0]!));
    },
    samplePrior(key, n) {
      if (improper)
        throw new RangeError(`model: the prior of ${improper.name} is improper, so that it has no draws; give it a proper prior`);
      return vmap(priorDraw)(rowKeys(key, n));
    },
    unconstrain: vmap(freed) as (rows: Tensor) => Tensor,
  };
}

/** Refuses a parameter with an improper prior that neither the likelihood nor another prior asks for: its posterior has no finite mass. */
function refuseUntold(slots: readonly Slot[], told: ReadonlySet<string>): void {
  if (!slots.some(({ name, improper }) => improper && !told.has(name))) return;
  const asked = new Set(told);
  abstractly(
    slots.map(({ shape }) => ({ shape, dtype: "f64" as const })),
    (...tensors) => slots.map((slot) => slot.prior(noting(valuesOf(slots, tensors), asked)).batchShape),
  );
  const untold = slots.find(({ name, improper }) => improper && !asked.has(name));
  if (untold)
    throw new RangeError(
      `model: the prior of ${untold.name} is improper and the likelihood does not ask for ${untold.name}, so that there is no posterior; give it a proper prior, or use it in the likelihood`,
    );
}

/** Columns of data that no coefficients with improper priors could be told apart by. */
const collinearData = (data: Readonly<Record<string, NdArray>>): string[] =>
  Object.entries(data).flatMap(([name, { shape, dtype }]) => {
    if (shape.length !== 2 || dtype !== "f64" || shape[1]! > 1000) return [];
    const columns = Array.from({ length: shape[1]! }, (_, column) => `${name}[, ${column}]`);
    return collinearWarningsNow(data[name]!, columns).map((sentence) => `Of the data, ${sentence}.`);
  });

const rowKeys = (key: Tensor, n: number): Tensor => (key.rank === 1 ? random.split(key, n) : key);

/** [n, ...] -> [n] */
const sumOfRows = (t: Tensor): Tensor => sum(t.reshape([t.shape[0]!, t.size / t.shape[0]!]), -1);

const total = (terms: readonly Tensor[]): Tensor => terms.reduce((so, term) => so.add(term));

interface Quantity extends ParameterInfo {
  readonly names: readonly string[];
}

/** Parameters, then what is derived from them. */
function quantitiesOf(slots: readonly Slot[], derivedOf: (values: Values) => Record<string, Tensor>): Quantity[] {
  const own = slots.map(({ name, unit, shape, reported }) => quantity(name, unit, shape, false, reported));
  const derived = abstractly(
    slots.map(({ shape }) => ({ shape, dtype: "f64" as const })),
    (...tensors) =>
      Object.entries(derivedOf(valuesOf(slots, tensors))).map(([name, { shape, size }]) => {
        if (slots.some((slot) => slot.name === name))
          throw new RangeError(`model: ${name} is both a parameter and derived; give one another name`);
        return quantity(
          name,
          "",
          shape,
          true,
          Array.from({ length: size }, (_, i) => i),
        );
      }),
  );
  return [...own, ...derived];
}

const quantity = (name: string, unit: string, shape: Shape, derived: boolean, reported: readonly number[]): Quantity => {
  const names = componentNames(name, shape);
  return { name, unit, shape, derived, reported, names: reported.map((at) => names[at]!) };
};

const isWhole = (reported: readonly number[], size: number): boolean => reported.length === size;

/** The reported elements of a value as a vector. */
const reportedElements = (value: Tensor, reported: readonly number[]): Tensor => {
  const flat = reshape(value, [value.size]);
  return isWhole(reported, value.size) ? flat : take(flat, array(Int32Array.from(reported)));
};

/** A value from its reported elements: what is not reported of a correlation factor is 0, and 1 in its corner. */
function restored({ shape, reported }: Slot, elements: Tensor): Tensor {
  const size = shape.reduce((n, extent) => n * extent, 1);
  if (isWhole(reported, size)) return reshape(elements, shape);
  const corner = shape.at(-1)! ** 2;
  const rest = Float64Array.from({ length: size }, (_, at) => (at % corner === 0 ? 1 : 0));
  return scatterAdd(size, array(Int32Array.from(reported)), elements)
    .add(constant(array(rest)))
    .reshape(shape);
}
