import { all, greaterEqual, lessEqual, logicalAnd, type Tensor } from "@credence/tensor";
import { type Argument, finite, floatType, hold, hostConstant } from "./argument.ts";
import { toUnconstrained } from "./bijector/index.ts";
import { componentNames } from "./components.ts";
import type { Distribution, WithMoments } from "./distribution.ts";
import { joint } from "./joint.ts";
import type { JointPart, Support } from "./support.ts";

export interface ParameterSpec {
  /** Prior over a number, or over a vector [k] (names get [0] ... [k - 1]). */
  readonly prior: Distribution;
  /** Empty or absent for a pure number. */
  readonly unit?: string;
  /** Drawn and simulated, but left out of the posterior. */
  readonly nuisance?: boolean;
  readonly description?: string;
}

export interface Bounds {
  readonly low: number;
  readonly high: number;
}

/**
 * The parameters of a model with their prior: a distribution over vectors theta [D], components in the order declared.
 * `names`, `units`, `nuisance`, `descriptions` and `bounds` have D entries.
 */
export interface Parameters extends WithMoments {
  readonly names: readonly string[];
  readonly units: readonly string[];
  readonly nuisance: readonly boolean[];
  readonly descriptions: readonly string[];
  /** -Infinity and Infinity where there is none. */
  readonly bounds: readonly Bounds[];
  /** D. */
  readonly dimension: number;
  /** theta [..., D] -> u [..., D], any real numbers. Traced. TypeError where a parameter is a count. */
  toUnconstrained(theta: Tensor): Tensor;
  /** u [..., D] -> theta [..., D]. Traced. */
  fromUnconstrained(u: Tensor): Tensor;
  /** log |det du/dtheta| at theta, [...]. Traced. */
  logDerivative(theta: Tensor): Tensor;
  /** log |det dtheta/du| at u, [...]. Traced. */
  inverseLogDerivative(u: Tensor): Tensor;
  /** Whether theta [..., D] is within the bounds, bool [...]. Traced. */
  contains(theta: Tensor): Tensor;
  /** The vector from numbers by name. RangeError for names that are missing or unknown. */
  vector(record: Readonly<Record<string, number>>): Float64Array;
  /** Numbers by name from the vector. */
  record(vector: ArrayLike<number>): Record<string, number>;
}

/**
 * Names a model's parameters: `parameters({ birthRate: { prior: uniform(0, 1), unit: "1/year" }, ... })`.
 * @throws TypeError where a prior is missing; RangeError for no parameters or priors with batch axes
 */
export function parameters(specs: Readonly<Record<string, ParameterSpec>>): Parameters {
  const entries = Object.entries(specs);
  for (const [name, spec] of entries)
    if (typeof spec?.prior?.logProb !== "function") throw new TypeError(`parameters: ${name} needs a prior: { prior: uniform(0, 1) }`);
  if (entries.length === 0) throw new RangeError("parameters: expected at least one parameter, got none");
  for (const [name, { prior }] of entries)
    if (prior.eventShape.length > 1)
      throw new RangeError(`parameters: ${name} has events of shape [${prior.eventShape.join(", ")}]; expected a number or a vector`);
  for (const [name, { prior }] of entries)
    if (surfaces.includes(prior.support.kind))
      throw new RangeError(
        `parameters: ${name} is held to a surface (${prior.support.kind}), where an estimated density has no volume; give all numbers of it but one, or use model()`,
      );

  const prior = joint(Object.fromEntries(entries.map(([name, spec]) => [name, spec.prior])));
  const dimension = prior.eventShape[0]!;
  const perComponent = <T>(value: (spec: ParameterSpec, name: string, index: number, size: number) => T): T[] =>
    entries.flatMap(([name, spec]) => {
      const size = spec.prior.eventShape[0] ?? 1;
      return Array.from({ length: size }, (_, i) => value(spec, name, i, size));
    });
  const names = entries.flatMap(([name, spec]) => componentNames(name, spec.prior.eventShape));
  const bounds = perComponent((spec, name, i, size) => boundsOf(name, spec.prior.support, i, size));
  const map = () => toUnconstrained(prior.support);

  return {
    ...prior,
    name: "parameters",
    names,
    units: perComponent(({ unit }) => unit ?? ""),
    nuisance: perComponent(({ nuisance }) => nuisance ?? false),
    descriptions: perComponent(({ description }) => description ?? ""),
    bounds,
    dimension,
    toUnconstrained: (theta) => map().forward(theta),
    fromUnconstrained: (u) => map().inverse(u),
    logDerivative: (theta) => map().logDerivative(theta),
    inverseLogDerivative: (u) => map().inverseLogDerivative(u),
    contains(theta) {
      const edge = (side: keyof Bounds) =>
        hostConstant(
          Float64Array.from(bounds, (bound) => bound[side]),
          [dimension],
          floatType(theta),
        );
      return all(logicalAnd(greaterEqual(theta, edge("low")), lessEqual(theta, edge("high"))), -1);
    },
    vector(record) {
      for (const name of Object.keys(record))
        if (!names.includes(name)) throw new RangeError(`parameters: no parameter ${name}; there are ${names.join(", ")}`);
      return Float64Array.from(names, (name) => {
        const value = record[name];
        if (value === undefined) throw new RangeError(`parameters: expected a value for ${name}, got none`);
        return value;
      });
    },
    record(vector) {
      if (vector.length !== dimension) throw new RangeError(`parameters: expected ${dimension} numbers, got ${vector.length}`);
      return Object.fromEntries(names.map((name, i) => [name, vector[i]!]));
    },
  };
}

/** Supports of fewer dimensions than numbers. */
const surfaces: readonly Support["kind"][] = ["simplex", "correlationCholesky"];

/** The bounds of component `index` of `size`, as numbers. */
function boundsOf(name: string, support: Support, index: number, size: number): Bounds {
  const at = (side: string, value: Argument): number => {
    const { values } = hold("parameters", `${side} of ${name}`, value, finite);
    if (!values)
      throw new TypeError(`parameters: the ${side} bound of ${name} is a Tensor; a prior of named parameters needs bounds that are known`);
    return values[values.length === size ? index : 0]!;
  };
  switch (support.kind) {
    case "real":
    case "realVector":
      return { low: -Infinity, high: Infinity };
    case "positive":
      return { low: 0, high: Infinity };
    case "above":
      return { low: at("low", support.low), high: Infinity };
    case "below":
      return { low: -Infinity, high: at("high", support.high) };
    case "simplex":
      return { low: 0, high: 1 };
    case "ordered":
      return { low: support.positive ? 0 : -Infinity, high: Infinity };
    case "correlationCholesky":
      return { low: -1, high: 1 };
    case "interval":
      return { low: at("low", support.low), high: at("high", support.high) };
    case "nonnegativeInteger":
      return { low: 0, high: support.max === undefined ? Infinity : at("high", support.max) };
    case "independent":
      return boundsOf(name, support.of, index, size);
    case "joint":
      return partBounds(name, support.parts, index);
  }
}

function partBounds(name: string, parts: readonly JointPart[], index: number): Bounds {
  let offset = 0;
  for (const part of parts) {
    if (index < offset + part.size) return boundsOf(name, part.support, index - offset, part.size);
    offset += part.size;
  }
  throw new RangeError(`parameters: ${name} has no component ${index}`);
}
