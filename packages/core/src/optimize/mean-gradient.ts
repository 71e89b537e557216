import { map, scan, type Tensor, type Tree, tree, valueAndGrad, zerosLike } from "@credence/tensor";

/** Rows whose intermediate values stay in a core's cache, for networks of some ten thousand weights. */
const blockRowsDefault = 256;

/** Parts of a batch, at most, that are there for threads to share, each with a gradient of its own. */
const partsMax = 16;

export interface MeanGradientOptions {
  /** Rows of a block, about; 256 if absent. */
  readonly blockRows?: number;
}

/**
 * Value and gradient to `params` of `loss(params, batch)`, a mean over the rows of `batch` (a tree of arrays with rows as first axis).
 * Many rows are taken block by block, so that what the gradient needs of the forward pass is still in the cache, and threads share the
 * blocks, not the rows of each: the same numbers, up to rounding, in less time and memory, whatever the number of threads.
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
    const turns = Math.ceil(blocks / partsMax); // blocks one after the other, their gradients added at once
    const parts = Math.floor(blocks / turns);
    const size = Math.floor(rows / (parts * turns));
    const rest = rows - parts * turns * size;
    const piece = (first: number, count: number): B =>
      tree.map((t: Tensor) => t.slice(new Array(t.rank).fill(0).with(0, first), [first + count, ...t.shape.slice(1)]), batch) as B;
    const cut = tree.map((t: Tensor) => t.reshape([parts, turns, size, ...t.shape.slice(1)]), piece(0, rows - rest)) as B;
    const add = (x: Tree<Tensor>, y: Tree<Tensor>) => tree.map((a: Tensor, b: Tensor) => a.add(b), x, y);
    const scaled = (t: Tree<Tensor>, by: number) => tree.map((x: Tensor) => x.mul(by), t);
    const [values, gradients] = map((part: B): [Tensor, Tree<Tensor>] => {
      const step = (sum: Tree<Tensor>, block: B): [Tree<Tensor>, Tensor] => {
        const [value, gradient] = whole(params, block);
        return [add(sum, gradient), value];
      };
      if (turns === 1) return whole(params, tree.map((t: Tensor) => t.reshape(t.shape.slice(1)), part) as B);
      const [sum, each] = scan(step as never, tree.map(zerosLike as (t: Tensor) => Tensor, params), part) as [Tree<Tensor>, Tensor];
      return [each.sum(), sum];
    }, cut);
    const gradient = scaled(
      tree.map((t: Tensor) => t.sum(0), gradients),
      size / rows,
    );
    const value = values.sum().mul(size / rows);
    if (rest === 0) return [value, gradient as P];
    const [restValue, restGradient] = whole(params, piece(rows - rest, rest));
    return [value.add(restValue.mul(rest / rows)), add(gradient, scaled(restGradient, rest / rows)) as P];
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
