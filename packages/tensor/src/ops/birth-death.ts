import type { DType } from "../dtype.ts";
import { ShapeError } from "../errors.ts";
import { broadcastShapes, sameShape, showShape, sizeOf } from "../shape.ts";
import type { Tensor, TensorLike } from "../tensor.ts";
import { asTensor } from "./creation.ts";
import { operands } from "./elementwise.ts";
import { defineRowOp, rowOperation } from "./rows.ts";
import { broadcastTo, expandDims, reshape } from "./shape.ts";

// The linear birth-death-immigration process: n -> n + 1 at rate birth n + immigration, n -> n - 1 at rate death n.
defineRowOp(
  "birthDeathStep",
  "the count after a time dt, drawn exactly in O(1): survivors are binomial, the rest negative binomial",
  () => {},
  { flat: true },
);
defineRowOp("birthDeathEvents", "counts at given times by simulating every event (Gillespie 1977)", () => {}, { flat: true });
defineRowOp("birthDeathLogTransition", "log P(j | i, dt), exact: every term of the sum over survivors is positive", () => {}, {
  flat: true,
});

/**
 * A draw of the count after time `dt` from count `n` (both broadcast with the rates; f32 or f64).
 * Rates >= 0: `birth` and `death` per individual and time, `immigration` individuals per time. NaN for rates or counts out of domain.
 */
export function birthDeathStep(
  key: TensorLike,
  n: TensorLike,
  dt: TensorLike,
  birth: TensorLike,
  death: TensorLike,
  immigration: TensorLike,
): Tensor {
  const all = operands("birthDeathStep", [n, dt, birth, death, immigration]);
  const rows = all[0]!.shape;
  const [out] = rowOperation("birthDeathStep", [asTensor(key), ...all.map((x) => expandDims(x, -1))], {
    rows,
    shared: [true, false, false, false, false, false],
    outputs: [{ length: 1, dtype: all[0]!.dtype }],
    integers: [sizeOf(rows)],
  });
  return reshape(out!, rows);
}

/** log P(count j after `dt` | count i), f64 for full accuracy; -inf where impossible, NaN out of domain. Operands broadcast. */
export function birthDeathLogTransition(
  i: TensorLike,
  j: TensorLike,
  dt: TensorLike,
  birth: TensorLike,
  death: TensorLike,
  immigration: TensorLike,
): Tensor {
  const all = operands("birthDeathLogTransition", [i, j, dt, birth, death, immigration], "f64");
  const rows = all[0]!.shape;
  const [out] = rowOperation(
    "birthDeathLogTransition",
    all.map((x) => expandDims(x, -1)),
    { rows, outputs: [{ length: 1, dtype: all[0]!.dtype }] },
  );
  return reshape(out!, rows);
}

/**
 * Paths by exact event simulation.
 * @param n0 counts at time 0, [...]
 * @param times increasing times after the start, [m]
 * @param rates [..., 3]: birth, death, immigration
 * @param options.maxEvents a path with more events is given up: its remaining counts are NaN (default 1e9)
 * @returns counts [..., m] and events [...]
 */
export function birthDeathEvents(
  key: TensorLike,
  n0: TensorLike,
  times: TensorLike,
  rates: TensorLike,
  options: { maxEvents?: number } = {},
): { counts: Tensor; events: Tensor } {
  const r = asTensor(rates);
  const t = asTensor(times);
  const dtype: DType = r.dtype;
  if (r.shape.at(-1) !== 3 || t.rank !== 1)
    throw new ShapeError(`birthDeathEvents: expected rates [..., 3] and times [m], got ${showShape(r.shape)} and ${showShape(t.shape)}`);
  const start = asTensor(n0, dtype);
  const rows = broadcastShapes("birthDeathEvents", start.shape, r.shape.slice(0, -1));
  const every = sameShape(rows, r.shape.slice(0, -1)) ? r : broadcastTo(r, [...rows, 3]);
  const [counts, events] = rowOperation("birthDeathEvents", [asTensor(key), expandDims(broadcastTo(start, rows), -1), t, every], {
    rows,
    shared: [true, false, true, false],
    outputs: [
      { length: t.size, dtype },
      { length: 1, dtype },
    ],
    integers: [sizeOf(rows)],
    numbers: [options.maxEvents ?? 1e9],
  });
  return { counts: counts!, events: reshape(events!, rows) };
}
