import { DTypeError, ShapeError } from "../errors.ts";
import type { Abstract } from "../ir.ts";
import { normalizeAxis, type Shape, sameShape, showShape, sizeOf } from "../shape.ts";
import type { Tensor, TensorLike } from "../tensor.ts";
import { asTensor } from "./creation.ts";
import { callOf, checkFloats, defineRowOp, type RowAttributes, rowOperation } from "./rows.ts";
import { broadcastLeading, broadcastTo, moveAxis, reshape } from "./shape.ts";

const last = (x: { shape: Shape }): number => x.shape.at(-1)!;

/** out[m, L] = table[index[m], L] on every row; the table may be shared by all rows. `N` entries of `L` numbers. */
function gatherRows(table: Tensor, index: Tensor, shared: boolean, [n, length]: readonly [number, number]): Tensor {
  return rowOperation("gather", [table, index], {
    rows: index.shape.slice(0, -1),
    shared: [shared, false],
    outputs: [{ length: last(index) * length, dtype: table.dtype }],
    integers: [n, length],
  })[0]!;
}

/** out[index[m], L] += x[m, L] on every row, from zeros. */
function scatterRows(index: Tensor, x: Tensor, [n, length]: readonly [number, number]): Tensor {
  return rowOperation("scatterAdd", [index, x], {
    rows: index.shape.slice(0, -1),
    outputs: [{ length: n * length, dtype: x.dtype }],
    integers: [n, length],
  })[0]!;
}

const checkIndex = (op: string, dtype: string): void => {
  if (dtype !== "i32") throw new DTypeError(`${op}: indices must be i32, got ${dtype}; cast() them`);
};
const entries = (a: RowAttributes): [number, number] => [a.integers[0]!, a.integers[1]!];

defineRowOp(
  "gather",
  "out[i] = table[index[i]]; an index outside the table is an error of the run",
  ([, index]) => checkIndex("gather", index!.dtype),
  {
    forward: ({ inputs: [, index], attributes, tangents: [t] }) => {
      const a = callOf(attributes);
      return [t && gatherRows(t, index!, a.shared[0]!, entries(a))];
    },
    reverse: ({ inputs: [, index], attributes, cotangents: [ct] }) => {
      const a = callOf(attributes);
      if (!ct) return [];
      return [
        a.shared[0] ? scatterRows(reshape(index!, [index!.size]), reshape(ct, [ct.size]), entries(a)) : scatterRows(index!, ct, entries(a)),
      ];
    },
    batch: ({ inputs: [table, index], mapped, size, attributes }) => {
      const a = callOf(attributes);
      const at = mapped[1] ? index! : broadcastLeading(index!, size);
      if (!a.shared[0]) return [gatherRows(mapped[0] ? table! : broadcastLeading(table!, size), at, false, entries(a))];
      if (!mapped[0]) return [gatherRows(table!, at, true, entries(a))];
      // A table for each member of the batch: one row a member.
      const out = gatherRows(table!, reshape(at, [size, at.size / size]), false, entries(a));
      return [reshape(out, [...at.shape.slice(0, -1), last(at) * a.integers[1]!])];
    },
  },
);

const checkScatter = ([index, x]: readonly Abstract[]): void => {
  checkIndex("scatterAdd", index!.dtype);
  checkFloats("scatterAdd", [x!]);
};
defineRowOp("scatterAdd", "out = 0, then out[index[i]] += x[i]", checkScatter, {
  forward: ({ inputs: [index], attributes, tangents: [, t] }) => [t && scatterRows(index!, t, entries(callOf(attributes)))],
  reverse: ({ inputs: [index], attributes, cotangents: [ct] }) => [
    undefined,
    ct && gatherRows(ct, index!, false, entries(callOf(attributes))),
  ],
});

/**
 * Entries of `x` along `axis` at `indices` (i32, any shape): the axis is replaced by the shape of the indices. An index outside the
 * axis is an error of the run.
 */
export function take(x: TensorLike, indices: TensorLike, axis = 0): Tensor {
  const i = asTensor(indices, "i32");
  const t = moveAxis(asTensor(x), normalizeAxis("take", axis, asTensor(x).rank), 0);
  const [n, ...rest] = t.shape;
  const length = sizeOf(rest);
  const rows = gatherRows(reshape(t, [t.size]), reshape(i, [i.size, 1]), true, [n!, length]);
  const out = reshape(rows, [...i.shape, ...rest]);
  const at = normalizeAxis("take", axis, t.rank);
  return at === 0 ? out : i.rank === 1 ? moveAxis(out, 0, at) : moveBlock(out, i.rank, at);
}

/** The first `count` axes moved behind the next `at` axes. */
function moveBlock(x: Tensor, count: number, at: number): Tensor {
  let out = x;
  for (let k = 0; k < count; k++) out = moveAxis(out, 0, at + count - 1);
  return out;
}

/** out[..., i, ...] = x[..., indices[..., i, ...], ...] along `axis`; all other extents agree. */
export function takeAlong(x: TensorLike, indices: TensorLike, axis = -1): Tensor {
  const t = asTensor(x);
  const a = normalizeAxis("takeAlong", axis, t.rank);
  const i = asTensor(indices, "i32");
  const expected = t.shape.map((d, k) => (k === a ? i.shape[a]! : d));
  if (i.rank !== t.rank) throw new ShapeError(`takeAlong: indices ${showShape(i.shape)} for ${showShape(t.shape)}; expected the same rank`);
  const rows = moveAxis(broadcastTo(i, expected), a, -1);
  const table = moveAxis(t, a, -1);
  return moveAxis(gatherRows(table, rows, false, [last(table), 1]), -1, a);
}

/**
 * Zeros of extent `n` along axis 0 with `updates[i]` added at `indices[i]`; repeated indices add up, in order.
 * @param indices i32, any shape; one outside [0, n) is an error of the run
 * @param updates f32 or f64, the shape of the indices and then that of an entry
 * @returns [n, entry...]
 */
export function scatterAdd(n: number, indices: TensorLike, updates: TensorLike): Tensor {
  const i = asTensor(indices, "i32");
  const u = asTensor(updates);
  const rest = u.shape.slice(i.rank);
  if (!sameShape(u.shape.slice(0, i.rank), i.shape))
    throw new ShapeError(`scatterAdd: updates ${showShape(u.shape)} must begin with the shape ${showShape(i.shape)} of the indices`);
  return reshape(scatterRows(reshape(i, [i.size]), reshape(u, [u.size]), [n, sizeOf(rest)]), [n, ...rest]);
}

defineRowOp("sort", "ascending and stable, NaN last; also the positions they came from", (inputs) => checkFloats("sort", inputs), {
  forward: ({ outputs: [, order], tangents: [t] }) => [t && gatherRows(t, order!, false, [last(t), 1]), undefined],
  reverse: ({ outputs: [, order], cotangents: [ct] }) => [ct && scatterRows(order!, ct, [last(ct), 1])],
});

/** `[values, indices]` in ascending order along `axis`, both of the shape of `x` (f32 or f64): stable, NaN last. */
export function sort(x: TensorLike, axis = -1): [Tensor, Tensor] {
  const t = asTensor(x);
  const a = normalizeAxis("sort", axis, t.rank);
  const rows = moveAxis(t, a, -1);
  const [values, order] = rowOperation("sort", [rows], {
    rows: rows.shape.slice(0, -1),
    outputs: [
      { length: last(rows), dtype: t.dtype },
      { length: last(rows), dtype: "i32" },
    ],
  });
  return [moveAxis(values!, -1, a), moveAxis(order!, -1, a)];
}
/** The positions, i32, that sort `x` along `axis`. */
export const argsort = (x: TensorLike, axis = -1): Tensor => sort(x, axis)[1];
