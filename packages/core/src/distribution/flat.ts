import { broadcastTo, greater, greaterEqual, lessEqual, logicalAnd, type Tensor, where, zerosLike } from "@credence/tensor";
import { type Argument, asFloat, commonType, finite, floatType, type Held, hold } from "./argument.ts";
import { broadcastShapes } from "./broadcast.ts";
import type { Distribution } from "./distribution.ts";
import { real, type Support } from "./support.ts";
import { requireOrder } from "./uniform.ts";

/**
 * The constant density 1 on all numbers, or on those above `low`, below `high` or between them. Without both bounds it is improper: a posterior
 * exists only if the likelihood makes one, and there are no draws from it.
 */
export function flat(bounds: { readonly low?: Argument; readonly high?: Argument } = {}): Distribution {
  const low = bounds.low === undefined ? undefined : hold("flat", "low", bounds.low, finite);
  const high = bounds.high === undefined ? undefined : hold("flat", "high", bounds.high, finite);
  requireOrder("flat", low?.values, high?.values);
  const held = [low, high].filter((bound) => bound !== undefined);
  const batchShape = broadcastShapes("flat", ...held.map(({ shape }) => shape));
  const dtype = commonType("flat", held, undefined);
  return {
    name: "flat",
    batchShape,
    eventShape: [],
    dtype,
    support: supportOf(bounds.low, bounds.high),
    improper: true,
    sample() {
      throw new RangeError("flat: an improper density has no draws; give a proper prior, such as normal(0, 10) or uniform(low, high)");
    },
    logProb(value) {
      const x = asFloat("flat", value, dtype);
      const zero = broadcastTo(zerosLike(x), broadcastShapes("flat", x.shape, batchShape));
      return held.length === 0 ? zero : where(within(x, low, high), zero, -Infinity);
    },
  };
}

function supportOf(low: Argument | undefined, high: Argument | undefined): Support {
  if (low === undefined) return high === undefined ? real : { kind: "below", high };
  return high === undefined ? { kind: "above", low } : { kind: "interval", low, high };
}

/** Ends belong to an interval and not to a half-line. */
function within(x: Tensor, low: Held | undefined, high: Held | undefined): Tensor {
  const type = floatType(x);
  if (low && high) return logicalAnd(greaterEqual(x, low.at(type)), lessEqual(x, high.at(type)));
  return low ? greater(x, low.at(type)) : greater(high!.at(type), x);
}
