import type { TypedArray } from "@credence/tensor";
import type { Argument } from "./argument.ts";
import type { Support } from "./support.ts";

/**
 * The first of `values` that is outside `support`, -1 if all are inside, undefined where this is not known beforehand: bounds that are Tensors, values
 * on a bound, supports of vectors.
 */
export function firstOutside(support: Support, values: TypedArray): number | undefined {
  switch (support.kind) {
    case "real":
    case "realVector":
      return -1;
    case "positive":
      return search(
        values,
        (v) => v > 0,
        (v) => v === 0,
      );
    case "above":
      return known(support.low, (low) =>
        search(
          values,
          (v) => v > low,
          () => false,
        ),
      );
    case "below":
      return known(support.high, (high) =>
        search(
          values,
          (v) => v < high,
          () => false,
        ),
      );
    case "interval":
      return known(support.low, (low) =>
        known(support.high, (high) =>
          search(
            values,
            (v) => v > low && v < high,
            (v) => v === low || v === high,
          ),
        ),
      );
    case "nonnegativeInteger":
      return known(support.max ?? Infinity, (max) =>
        search(
          values,
          (v) => Number.isInteger(v) && v >= 0 && v <= max,
          () => false,
        ),
      );
    case "independent":
      return firstOutside(support.of, values);
    default:
      return undefined;
  }
}

const known = (bound: Argument, then: (bound: number) => number | undefined): number | undefined =>
  typeof bound === "number" ? then(bound) : undefined;

function search(values: TypedArray, inside: (value: number) => boolean, onBound: (value: number) => boolean): number | undefined {
  let unknown = false;
  for (let i = 0; i < values.length; i++) {
    if (inside(values[i]!)) continue;
    if (!onBound(values[i]!)) return i;
    unknown = true;
  }
  return unknown ? undefined : -1;
}
