import { momentsOf } from "./features.ts";

/** What a model takes for an outcome. */
export type OutcomeKind = "real" | "binary" | "count";

const expected: Readonly<Record<OutcomeKind, string>> = {
  real: "numbers that vary",
  binary: "0 and 1, both of them",
  count: "whole numbers >= 0",
};

/**
 * The outcome of a regression, f64 [rows].
 *
 * @param rows what the features have.
 * @throws {TypeError} where it is no list of numbers; {RangeError} with the row and the value where it is of another kind, and the model for that kind.
 */
export function outcomeOf(kind: OutcomeKind, values: ArrayLike<number>, rows: number): Float64Array {
  if (typeof values !== "object" || values === null || typeof values.length !== "number") {
    throw new TypeError(`outcome must be a list of numbers, got ${values === null ? "null" : typeof values}`);
  }
  if (values.length !== rows) throw new RangeError(`outcome has ${values.length} rows, the features have ${rows}`);
  const y = Float64Array.from(values);
  const missing = y.findIndex((value) => !Number.isFinite(value));
  if (missing >= 0) {
    throw new RangeError(
      `outcome: it is ${Number.isNaN(y[missing]) ? "missing" : y[missing]} in row ${missing}; leave such rows out (completeRows does): an unknown outcome says nothing`,
    );
  }
  const refuse = (fault: string, advice: string): never => {
    throw new RangeError(`outcome: ${fault}; expected ${expected[kind]}${advice}`);
  };
  if (kind === "real") {
    if (rows > 1 && momentsOf(y).sd === 0) refuse(`it is ${y[0]} in every row`, ": there is nothing to explain");
    return y;
  }
  if (kind === "count") {
    const bad = y.findIndex((value) => !(Number.isInteger(value) && value >= 0));
    if (bad >= 0) refuse(`row ${bad} holds ${y[bad]}`, ", as poissonModel takes them; linearModel and robustModel take any numbers");
    return y;
  }
  const bad = y.findIndex((value) => value !== 0 && value !== 1);
  if (bad >= 0) {
    const labels = new Set(y);
    refuse(
      `row ${bad} holds ${y[bad]}`,
      labels.size === 2
        ? `: code the two labels ${[...labels].sort((a, b) => a - b).join(" and ")} as 0 and 1`
        : ", as logisticModel takes them; poissonModel takes counts, linearModel any numbers",
    );
  }
  if (momentsOf(y).sd === 0) refuse(`it is ${y[0]} in every row`, ": one class alone cannot be told from another");
  return y;
}
