import type { Abstract, Attributes } from "../ir.ts";
import { normalizeAxis } from "../shape.ts";
import type { Tensor, TensorLike } from "../tensor.ts";
import { asTensor, iota, zerosLike } from "./creation.ts";
import { add, equal, mul, operands, where } from "./elementwise.ts";
import { callOf, checkFloats, defineRowOp, rowOperation } from "./rows.ts";
import { concat, moveAxis, sliceAxis } from "./shape.ts";

const last = (x: Abstract): number => x.shape.at(-1)!;
const backwards = (a: Attributes): boolean => callOf(a).integers[0] === 1;
/** A row operation of one running result, on rows in the last axis. */
const running = (name: string, rows: readonly Tensor[], reverse: boolean): Tensor =>
  rowOperation(name, rows, {
    rows: rows[0]!.shape.slice(0, -1),
    outputs: [{ length: last(rows[0]!), dtype: rows[0]!.dtype }],
    integers: [Number(reverse)],
  })[0]!;

defineRowOp("cumsum", "running sum along the row, from the left or (reverse) from the right", (inputs) => checkFloats("cumsum", inputs), {
  forward: ({ attributes, tangents: [t] }) => [t && running("cumsum", [t], backwards(attributes))],
  reverse: ({ attributes, cotangents: [ct] }) => [ct && running("cumsum", [ct], !backwards(attributes))],
});

/** Elements of `h` one place further on: those before each element (after it, in reverse), with 0 at the end that has none. */
function before(h: Tensor, reverse: boolean): Tensor {
  const n = last(h);
  const none = zerosLike(sliceAxis(h, -1, 0, Math.min(n, 1)));
  return reverse ? concat([sliceAxis(h, -1, 1, n), none], -1) : concat([none, sliceAxis(h, -1, 0, Math.max(n - 1, 0))], -1);
}

defineRowOp(
  "linearRecurrence",
  "h_i = a_i h_(i-1) + b_i from 0, or (reverse) from the right",
  (inputs) => checkFloats("linearRecurrence", inputs),
  {
    // dh_i = a_i dh_(i-1) + (da_i h_(i-1) + db_i): the same recurrence.
    forward: ({ inputs: [a], outputs: [h], attributes, tangents: [ta, tb] }) => {
      if (!ta && !tb) return [undefined];
      const reverse = backwards(attributes);
      const pushed = ta && mul(ta, before(h!, reverse));
      return [running("linearRecurrence", [a!, pushed && tb ? add(pushed, tb) : (pushed ?? tb!)], reverse)];
    },
    // The cotangent of b_i is ct_i and a_(i+1) times that of b_(i+1).
    reverse: ({ inputs: [a], outputs: [h], attributes, cotangents: [ct] }) => {
      if (!ct) return [];
      const reverse = backwards(attributes);
      const bBar = running("linearRecurrence", [before(a!, !reverse), ct], !reverse);
      return [mul(bBar, before(h!, reverse)), bBar];
    },
  },
);

/** Running sum along `axis`; with `reverse`, from the end. f32 or f64, summed in f64. */
export function cumsum(x: TensorLike, axis = -1, options: { reverse?: boolean } = {}): Tensor {
  const t = asTensor(x);
  const a = normalizeAxis("cumsum", axis, t.rank);
  return moveAxis(running("cumsum", [moveAxis(t, a, -1)], options.reverse ?? false), -1, a);
}

/**
 * h_i = a_i h_(i-1) + b_i along `axis`, with 0 before the first element (so that a_0 does not count); with `reverse`, from the end.
 * Autoregressions, exponential smoothing, discounted sums.
 * @param a f32 or f64; broadcasts with `b`
 */
export function linearRecurrence(a: TensorLike, b: TensorLike, axis = -1, options: { reverse?: boolean } = {}): Tensor {
  const both = operands("linearRecurrence", [a, b]);
  const at = normalizeAxis("linearRecurrence", axis, both[0]!.rank);
  const rows = both.map((t) => moveAxis(t, at, -1));
  return moveAxis(running("linearRecurrence", rows, options.reverse ?? false), -1, at);
}

/** Running product along `axis`; with `reverse`, from the end. f32 or f64, multiplied in f64. Derivatives are exact at zeros too. */
export function cumprod(x: TensorLike, axis = -1, options: { reverse?: boolean } = {}): Tensor {
  const t = asTensor(x);
  const a = normalizeAxis("cumprod", axis, t.rank);
  const first = equal(iota(t.shape, a), options.reverse ? t.shape[a]! - 1 : 0);
  return linearRecurrence(t, where(first, t, 0), a, options);
}
