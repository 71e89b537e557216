import { constant, map, type NdArray, sum, type Tensor, type Tree, tree, valueAndGrad, vmap } from "@credence/tensor";
import type { LikelihoodOf } from "./likelihood.ts";
import { noteValues } from "./observed.ts";
import { strict, type Values } from "./slot.ts";

/** Bytes of a block, its rows of the data with three numbers a chain and row, that leave room in a core's second cache. */
const blockBytes = 512 << 10;

/** Bytes of the gradients of all blocks, which are summed at the end. Beyond it blocks are made larger. */
const gradientBytesMax = 8 << 20;

/** How N rows are cut: `count` blocks of `size` rows, and the `rest`. */
interface Cut {
  readonly count: number;
  readonly size: number;
  readonly rest: number;
}

/** Log-likelihood [n], and its gradient to the parameters, [n, ...shape] each. */
interface Slope {
  readonly logLikelihood: Tensor;
  readonly gradient: Readonly<Record<string, Tensor>>;
}

/** Undefined where all rows are one block. */
function cutOf(rows: number, bytesOfRow: number, bytesOfGradient: number): Cut | undefined {
  const wanted = Math.min(Math.ceil((rows * bytesOfRow) / blockBytes), Math.floor(gradientBytesMax / bytesOfGradient));
  if (wanted < 2) return undefined;
  // Up to a quarter more blocks, if then no row is left over.
  for (let count = wanted; count <= 1.25 * wanted; count++) if (rows % count === 0) return { count, size: rows / count, rest: 0 };
  const size = Math.floor(rows / wanted);
  return { count: wanted, size, rest: rows - wanted * size };
}

/**
 * The log-likelihood of data given row by row with its gradient to the parameters, block by block: what the gradient needs of a block's
 * log-likelihood is still in the cache, rows are read once and not twice, and threads share the parts, whoever computes which. The sums over blocks
 * have one order, so that results do not depend on the number of threads.
 * @param values of n draws, [n, ...shape] each
 * @returns undefined where the data are not given row by row, or so few that all of them are one block
 */
export function likelihoodByBlocks(parts: LikelihoodOf, values: Readonly<Record<string, Tensor>>): Slope | undefined {
  const { data, rows, separable } = parts;
  if (rows === undefined || !separable) return undefined;
  const all = Object.values(values);
  const bytesOfRow = Object.values(data).reduce((bytes, { size }) => bytes + (8 * size) / rows, 3 * 8 * all[0]!.shape[0]!);
  const cut = cutOf(
    rows,
    bytesOfRow,
    all.reduce((bytes, { size }) => bytes + 8 * size, 0),
  );
  if (!cut) return undefined;

  const slope = (block: Values): Slope => {
    const noted = Object.entries(data).map(([name, whole]): [string, Tensor] => [name, noteValues(block[name]!, whole)]);
    const given = strict(Object.fromEntries(noted), "data given");
    const total = (one: Values): Tensor =>
      Object.values(parts.terms(strict(one, "parameters"), given))
        .map((terms) => sum(terms))
        .reduce((so, term) => so.add(term));
    const both = valueAndGrad(
      (of: Values): [Tensor, Tensor] => {
        const each = vmap(total)(of);
        return [sum(each), each];
      },
      { hasAux: true },
    );
    const [[, logLikelihood], gradient] = both(values) as unknown as [[Tensor, Tensor], Record<string, Tensor>];
    return { logLikelihood, gradient };
  };
  const { count, size, rest } = cut;
  const piece = (first: number, of: number): Values =>
    Object.fromEntries(Object.entries(data).map(([name, whole]) => [name, rowsOf(whole, first, of)]));
  const blocks = tree.map((t: Tensor) => t.reshape([count, size, ...t.shape.slice(1)]), piece(0, rows - rest));
  const each = map(slope as (block: never) => Slope, blocks);
  const sums = tree.map((t: Tensor) => t.sum(0), each as unknown as Tree<Tensor>) as unknown as Slope;
  return rest === 0 ? sums : plus(sums, slope(piece(rows - rest, rest)));
}

const plus = (a: Slope, b: Slope): Slope =>
  tree.map((x: Tensor, y: Tensor) => x.add(y), a as unknown as Tree<Tensor>, b as unknown as Tree<Tensor>) as unknown as Slope;

const rowsOf = (whole: NdArray, first: number, count: number): Tensor =>
  constant(whole).slice(new Array<number>(whole.shape.length).fill(0).with(0, first), [first + count, ...whole.shape.slice(1)]);
