import { abstractly, reshape, type Shape, type Tensor } from "@credence/tensor";
import { type Bijector, toUnconstrained } from "../distribution/bijector/index.ts";
import { componentNames } from "../distribution/components.ts";
import type { Distribution } from "../distribution/distribution.ts";
import { independent } from "../distribution/independent.ts";
import type { ParameterSpec } from "../distribution/parameters.ts";
import type { Support } from "../distribution/support.ts";

/** Values of one draw by name. */
export type Values<K extends string = string> = { readonly [N in K]: Tensor };

/** A prior, or a function that makes one from the parameters declared before. */
type PriorOf<K extends string> = Distribution | ((earlier: Values<K>) => Distribution);

/** A prior, alone or with what `parameters` is told beside it. Every parameter is drawn: `nuisance` says nothing here. */
export type ParameterPrior<K extends string = string> = PriorOf<K> | (Omit<ParameterSpec, "prior"> & { readonly prior: PriorOf<K> });

/** A parameter and its place in u. */
export interface Slot {
  readonly name: string;
  readonly unit: string;
  /** Of its value. */
  readonly shape: Shape;
  readonly support: Support["kind"];
  readonly improper: boolean;
  /** Of its unconstrained form; the numbers of it are u[offset] to u[offset + size - 1]. */
  readonly freeShape: Shape;
  readonly offset: number;
  readonly size: number;
  readonly coordinates: readonly string[];
  /** Elements of the value that say something: those of a correlation factor on and below the diagonal, without the first. */
  readonly reported: readonly number[];
  /** The prior for given earlier values, as one event. */
  prior(earlier: Values): Distribution;
  readonly centred: boolean;
}

/** How a parameter is made of its numbers in u, for given earlier values. */
export interface Form {
  value(free: Tensor): Tensor;
  free(value: Tensor): Tensor;
  /** Log prior density of the unconstrained form: with the log derivative of its map. */
  logDensity(free: Tensor, value: Tensor): Tensor;
}

/** The parameter itself, or with `centred` false the draw of a standard distribution that its prior is an image of. */
export function formOf({ name, centred }: Pick<Slot, "name" | "centred">, prior: Distribution): Form {
  if (centred) {
    const map = mapOf(name, prior);
    return {
      value: map.inverse,
      free: map.forward,
      logDensity: (free, value) => prior.logProb(value).add(map.inverseLogDerivative(free)),
    };
  }
  const standard = prior.standard?.();
  if (!standard)
    throw new RangeError(
      `model: ${name} has no non-centred form: ${prior.name} is not an image of a distribution without parameters; leave it out of noncentred`,
    );
  const map = mapOf(name, standard.base);
  return {
    value: (free) => standard.forward(map.inverse(free)),
    free: (value) => map.forward(standard.inverse(value)),
    logDensity: (free) => standard.base.logProb(map.inverse(free)).add(map.inverseLogDerivative(free)),
  };
}

function mapOf(name: string, { support, name: of }: Distribution): Bijector {
  try {
    return toUnconstrained(support);
  } catch (error) {
    throw new TypeError(`model: ${name} cannot be a parameter with the prior ${of}: ${(error as Error).message}`);
  }
}

/** Lays the parameters out in u, in the order declared. */
export function slotsOf(priors: Readonly<Record<string, ParameterPrior>>, noncentred: readonly string[]): Slot[] {
  const names = Object.keys(priors);
  if (names.length === 0) throw new RangeError("model: expected at least one parameter, got none");
  for (const name of noncentred)
    if (!names.includes(name))
      throw new RangeError(`model: noncentred names ${name}, which is no parameter; there are ${names.join(", ")}`);
  const slots: Slot[] = [];
  let offset = 0;
  for (const name of names) {
    if (!/^[\p{L}_][\p{L}\p{N}_]*$/u.test(name))
      throw new RangeError(`model: a parameter is called "${name}"; a name is letters, digits and _, and starts with a letter`);
    const { prior, unit = "" } = specOf(priors[name]);
    const slot = layOut(name, priorOf(name, prior), slots, offset, !noncentred.includes(name));
    slots.push({ ...slot, unit });
    offset += slot.size;
  }
  return slots;
}

const specOf = (
  given: ParameterPrior | undefined,
): Partial<Omit<ParameterSpec, "prior">> & { readonly prior: PriorOf<string> | undefined } =>
  typeof given === "object" && given !== null && "prior" in given ? given : { prior: given as PriorOf<string> | undefined };

function priorOf(name: string, given: PriorOf<string> | undefined): (earlier: Values) => Distribution {
  if (typeof given !== "function" && typeof given?.logProb !== "function")
    throw new TypeError(
      `model: ${name} needs a prior, such as normal(0, 1), or a function of earlier parameters that gives one, got ${typeof given}`,
    );
  return (earlier) => {
    const prior = typeof given === "function" ? given(earlier) : given;
    if (typeof prior?.logProb !== "function")
      throw new TypeError(`model: the function of ${name} must give a distribution, got ${prior === null ? "null" : typeof prior}`);
    return prior.batchShape.length > 0 ? independent(prior, prior.batchShape.length) : prior;
  };
}

function layOut(name: string, prior: Slot["prior"], before: readonly Slot[], offset: number, centred: boolean): Omit<Slot, "unit"> {
  const abstract = before.map(({ shape }) => ({ shape, dtype: "f64" as const }));
  return abstractly(abstract, (...values) => {
    const distribution = prior(valuesOf(before, values));
    const { eventShape: shape, support, improper = false } = distribution;
    const form = formOf({ name, centred }, distribution);
    const map = mapOf(name, centred ? distribution : distribution.standard!().base);
    const freeShape = map.imageShape?.(shape) ?? shape;
    const size = freeShape.reduce((n, extent) => n * extent, 1);
    // What is refused is refused now: shapes of the prior's arguments, and a density that is no number.
    const free = abstractly([{ shape: freeShape, dtype: "f64" }], (u) => form.logDensity(u!, form.value(u!)).shape);
    if (free.length > 0)
      throw new RangeError(`model: the prior of ${name} has a log density of shape [${free.join(", ")}], expected a number`);
    return {
      name,
      shape,
      support: kindOf(support),
      improper,
      freeShape,
      offset,
      size,
      coordinates: coordinatesOf(name, centred ? support : distribution.standard!().base.support, freeShape, centred),
      reported: reportedOf(support, shape),
      prior,
      centred,
    };
  });
}

/** Values by name; what is not there yet is refused by name. */
export function valuesOf(slots: readonly Slot[], values: readonly Tensor[]): Values {
  return strict(Object.fromEntries(slots.map(({ name }, i) => [name, values[i]!])));
}

/** A record that refuses names it does not have. */
export const strict = <T>(record: Readonly<Record<string, T>>, what = "declared before"): Readonly<Record<string, T>> =>
  new Proxy(record, {
    get(target, key) {
      if (typeof key !== "string" || key in target) return Reflect.get(target, key);
      throw new RangeError(`model: there is no ${key} here; ${what}: ${Object.keys(target).join(", ") || "nothing"}`);
    },
  });

/** A record that notes in `asked` which names it is asked for. */
export const noting = (record: Values, asked: Set<string>): Values =>
  new Proxy(record, {
    get(target, key) {
      if (typeof key === "string") asked.add(key);
      return Reflect.get(target, key);
    },
  });

const kindOf = (support: Support): Support["kind"] => (support.kind === "independent" ? kindOf(support.of) : support.kind);

/** What the numbers of u are called. */
function coordinatesOf(name: string, support: Support, shape: Shape, centred: boolean): string[] {
  const own = centred ? name : `${name}_raw`;
  const named = (label: string, prefix = "") => componentNames(label, shape).map((component) => prefix + component);
  switch (kindOf(support)) {
    case "positive":
    case "above":
    case "below":
      return named(own, "log ");
    case "interval":
      return named(own, "logit ");
    case "simplex":
      return named(`${own}_share`, "logit ");
    case "ordered":
      return named(`${own}_step`, "log ");
    case "correlationCholesky":
      return named(`${own}_partial`, "atanh ");
    default:
      return named(own);
  }
}

function reportedOf(support: Support, shape: Shape): number[] {
  const size = shape.reduce((n, extent) => n * extent, 1);
  const all = Array.from({ length: size }, (_, i) => i);
  if (kindOf(support) !== "correlationCholesky") return all;
  const k = shape.at(-1)!;
  return all.filter((at) => {
    const [row, column] = [Math.floor(at / k) % k, at % k];
    return row > 0 && column <= row;
  });
}

/** The numbers of `slot` in one row u [D], in its shape. */
export const freeOf = (slot: Slot, u: Tensor): Tensor => reshape(u.slice([slot.offset], [slot.offset + slot.size]), slot.freeShape);
