import { type Equation, type Variable, variable } from "../ir.ts";

/** An array that is zero but for pieces that lie one behind the other along one axis. */
export interface Pieces {
  readonly axis: number;
  readonly list: readonly { readonly from: number; readonly piece: Variable }[];
}

const end = ({ from, piece }: Pieces["list"][number], axis: number): number => from + piece.shape[axis]!;

/** A frame of zeros around `piece` along one axis, as pieces: what the derivative of a slice is. */
export function piecesOfPad({ attributes }: Equation, piece: Variable): Pieces | undefined {
  const [low, high, inner] = ["low", "high", "inner"].map((name) => attributes[name] as readonly number[]) as [
    number[],
    number[],
    number[],
  ];
  const framed = piece.shape.flatMap((_, axis) => (low[axis] !== 0 || high[axis] !== 0 ? [axis] : []));
  if (attributes.value !== 0 || inner.some((n) => n !== 0) || framed.length !== 1) return undefined;
  const axis = framed[0]!;
  return { axis, list: [{ from: low[axis]!, piece }] };
}

/** The sum of two, where no piece of one lies on a piece of the other. */
export function joined(a: Pieces | undefined, b: Pieces | undefined): Pieces | undefined {
  if (!a || !b || a.axis !== b.axis) return undefined;
  const list = [...a.list, ...b.list].sort((x, y) => x.from - y.from);
  return list.every((piece, i) => i === 0 || end(list[i - 1]!, a.axis) <= piece.from) ? { axis: a.axis, list } : undefined;
}

/** `out` as its pieces side by side, zeros between them. */
export function concatOf({ axis, list }: Pieces, out: Variable): Equation[] {
  const fills: Equation[] = [];
  const inputs: Variable[] = [];
  const gap = (from: number, to: number): void => {
    if (to <= from) return;
    const shape = out.shape.map((extent, i) => (i === axis ? to - from : extent));
    const zeros = variable(shape, out.dtype);
    fills.push({ op: "fill", inputs: [], attributes: { value: 0, shape, dtype: out.dtype }, outputs: [zeros] });
    inputs.push(zeros);
  };
  let at = 0;
  for (const item of list) {
    gap(at, item.from);
    inputs.push(item.piece);
    at = end(item, axis);
  }
  gap(at, out.shape[axis]!);
  return [...fills, { op: "concat", inputs, attributes: { axis }, outputs: [out] }];
}
