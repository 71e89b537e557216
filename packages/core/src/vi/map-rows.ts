import { concat, scan, type Tensor, type Tree, tree } from "@credence/tensor";

/** Rows of a block: what a log density over many data makes of them should stay within some ten megabytes. */
const blockRows = 256;

/** `f` of the rows of `x` [n, d], block by block where they are many, so that memory does not grow with them. f gives arrays with rows as first axis. */
export function mapRows<R extends Tree<Tensor>>(f: (rows: Tensor) => R, x: Tensor): R {
  const [n, width] = x.shape as [number, number];
  const blocks = Math.floor(n / blockRows);
  if (blocks < 2) return f(x);
  const whole = blocks * blockRows;
  const [, stacked] = scan(
    (carry: Tensor, rows: Tensor) => [carry, f(rows)],
    x.slice([0, 0], [1, 1]),
    x.slice([0, 0], [whole, width]).reshape([blocks, blockRows, width]),
  ) as [Tensor, R];
  const flat = tree.map((t: Tensor) => t.reshape([whole, ...t.shape.slice(2)]), stacked) as R;
  if (whole === n) return flat;
  return tree.map((a: Tensor, b: Tensor) => concat([a, b], 0), flat, f(x.slice([whole, 0], [n, width]))) as R;
}
