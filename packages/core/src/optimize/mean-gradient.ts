import { scan, type Tensor, type Tree, tree, valueAndGrad, zerosLike } from "@credence/tensor";

/** Rows whose intermediate values stay in a core's cache, for networks of some ten thousand weights. */
const blockRowsDefault = 256;

export interface MeanGradientOptions {
  /** Rows of a block; 256 if absent. */
  readonly blockRows?: number;
}

/**
 * Value and gradient to `params` of `loss(params, batch)`, a mean over the rows of `batch` (a tree of arrays with rows as first axis).
 * Many rows are taken block by block, so that what the gradient needs of the forward pass is still in the cache: the same numbers, up to
 * rounding, in less time and memory.
 */
export function meanGradient<P extends Tree<Tensor>, B extends Tree<Tensor>>(
  loss: (params: P, batch: B) => Tensor,
  options: MeanGradientOptions = {},
): (params: P, batch: B) => [Tensor, P] {
  const { blockRows = blockRowsDefault } = options;
  if (!(Number.isInteger(blockRows) && blockRows > 0)) throw new RangeError(`blockRows must be a positive integer, got ${blockRows}`);
  const whole = valueAndGrad(loss) as unknown as (params: P, batch: B) => [Tensor, P];
  return (params, batch) => {
    const rows = rowsOf(batch);
    const blocks = Math.floor(rows / blockRows);
    if (blocks < 2) return whole(params, batch);
    const part = (first: number, count: number): B =>
      tree.map((t: Tensor) => t.slice(new Array(t.rank).fill(0).with(0, first), [first + count, ...t.shape.slice(1)]), batch) as B;
    const cut = tree.map((t: Tensor) => t.reshape([blocks, blockRows, ...t.shape.slice(1)]), part(0, blocks * blockRows)) as B;
    const add = (a: Tree<Tensor>, b: Tree<Tensor>) => tree.map((x: Tensor, y: Tensor) => x.add(y), a, b);
    const step = (sum: Tree<Tensor>, block: Tree<Tensor>): [Tree<Tensor>, Tensor] => {
      const [value, gradient] = whole(params, block as B);
      return [add(sum, gradient), value];
    };
    const [sum, values] = scan(step as never, tree.map(zerosLike as (t: Tensor) => Tensor, params) as never, cut as never) as [P, Tensor];
    const rest = rows - blocks * blockRows;
    const share = blockRows / rows;
    const scaled = (t: Tree<Tensor>, by: number) => tree.map((x: Tensor) => x.mul(by), t);
    if (rest === 0) return [values.mean(), scaled(sum, share) as P];
    const [value, gradient] = whole(params, part(rows - rest, rest));
    return [
      values
        .sum()
        .mul(share)
        .add(value.mul(rest / rows)),
      add(scaled(sum, share), scaled(gradient, rest / rows)) as P,
    ];
  };
}

function rowsOf(batch: Tree<Tensor>): number {
  const shapes = tree.flatten(batch).leaves.map((t) => t.shape);
  const rows = shapes[0]?.[0];
  if (rows === undefined || shapes.some((shape) => shape[0] !== rows))
    throw new RangeError(
      `meanGradient: every array of the batch needs the same number of rows, got ${shapes.map((s) => `[${s.join(", ")}]`).join(", ")}`,
    );
  return rows;
}
