import { ShapeError } from "../errors.ts";
import type { Attributes } from "../ir.ts";
import { normalizeAxis, sameShape, showShape, sizeOf } from "../shape.ts";
import type { Tensor, TensorLike } from "../tensor.ts";
import { asTensor, zerosLike } from "./creation.ts";
import { complexTable, realTable, through } from "./fft-table.ts";
import { callOf, checkFloats, defineRowOp, rowOperation } from "./rows.ts";
import { moveAxis, orZeros, reshape, transpose } from "./shape.ts";

/** Complex numbers: real and imaginary parts of one shape and type. */
export type Complex = readonly [re: Tensor, im: Tensor];
/** What a complex transform takes: such a pair, or real numbers alone. */
export type ComplexLike = TensorLike | readonly [re: TensorLike, im: TensorLike];

/** A complex transform of rows [n, columns], along n; `backwards` with e^(+2 pi i j k / n). */
interface Transform {
  readonly n: number;
  readonly columns: number;
  readonly backwards: boolean;
  readonly scale: number;
}

function complexRows([re, im]: Complex, { n, columns, backwards, scale }: Transform): Complex {
  const m = through(n);
  const [outRe, outIm] = rowOperation("fft", [re, im, asTensor(complexTable(n, re.dtype))], {
    rows: re.shape.slice(0, -1),
    shared: [false, false, true],
    outputs: [n, n, m === 0 ? 2 * n : 4 * m].map((length) => ({ length: length * columns, dtype: re.dtype })),
    integers: [n, m, Number(backwards), columns],
    numbers: [scale],
  });
  return [outRe!, outIm!];
}
function transformOf(attributes: Attributes): Transform {
  const { integers, numbers } = callOf(attributes);
  const [n, , backwards, columns] = integers as [number, number, number, number];
  return { n, columns, backwards: backwards === 1, scale: numbers[0]! };
}

// The matrix of the transform is symmetric, so its transpose as a real one runs the other way.
defineRowOp("fft", "sum over j of x_j e^(-2 pi i j k / n), or with e^(+...), times a number", (inputs) => checkFloats("fft", inputs), {
  forward: ({ inputs: [re, im], attributes, tangents: [tr, ti] }) =>
    tr || ti ? [...complexRows([orZeros(tr, re!), orZeros(ti, im!)], transformOf(attributes))] : [],
  reverse: ({ inputs: [re, im], attributes, cotangents: [cr, ci] }) => {
    const transform = transformOf(attributes);
    const back = { ...transform, backwards: !transform.backwards };
    return cr || ci ? [...complexRows([orZeros(cr, re!), orZeros(ci, im!)], back)] : [];
  },
});

const realWork = (n: number): number => {
  const inner = n % 2 === 0 ? n / 2 : n;
  const m = through(inner);
  return (n % 2 === 0 ? 2 * n : 4 * n) + (m === 0 ? 2 * inner : 4 * m);
};

/** `numbers`: what multiplies the real elements 0 and n/2 of the spectrum, and the others. With the same, each is the other's transpose. */
function realToComplex(x: Tensor, numbers: readonly number[]): Complex {
  const n = x.shape.at(-1)!;
  const half = Math.floor(n / 2) + 1;
  const [re, im] = rowOperation("rfft", [x, asTensor(realTable(n, x.dtype))], {
    rows: x.shape.slice(0, -1),
    shared: [false, true],
    outputs: [half, half, realWork(n)].map((length) => ({ length, dtype: x.dtype })),
    integers: [n, through(n % 2 === 0 ? n / 2 : n)],
    numbers,
  });
  return [re!, im!];
}

function complexToReal([re, im]: Complex, n: number, numbers: readonly number[]): Tensor {
  return rowOperation("irfft", [re, im, asTensor(realTable(n, re.dtype))], {
    rows: re.shape.slice(0, -1),
    shared: [false, false, true],
    outputs: [n, realWork(n)].map((length) => ({ length, dtype: re.dtype })),
    integers: [n, through(n % 2 === 0 ? n / 2 : n)],
    numbers,
  })[0]!;
}

defineRowOp("rfft", "elements 0 to n/2 of the transform of n real numbers", (inputs) => checkFloats("rfft", inputs), {
  forward: ({ attributes, tangents: [t] }) => (t ? [...realToComplex(t, callOf(attributes).numbers)] : []),
  reverse: ({ outputs: [re, im], attributes, cotangents: [cr, ci] }) => {
    const { integers, numbers } = callOf(attributes);
    return cr || ci ? [complexToReal([orZeros(cr, re!), orZeros(ci, im!)], integers[0]!, numbers)] : [];
  },
});

defineRowOp("irfft", "n real numbers from elements 0 to n/2 of their transform", (inputs) => checkFloats("irfft", inputs), {
  forward: ({ inputs: [re, im], attributes, tangents: [tr, ti] }) => {
    const { integers, numbers } = callOf(attributes);
    return tr || ti ? [complexToReal([orZeros(tr, re!), orZeros(ti, im!)], integers[0]!, numbers)] : [];
  },
  reverse: ({ attributes, cotangents: [ct] }) => (ct ? [...realToComplex(ct, callOf(attributes).numbers)] : []),
});

function checkLength(op: string, n: number): void {
  if (!Number.isInteger(n) || n < 1) throw new ShapeError(`${op}: expected a length of at least 1 to transform, got ${n}`);
}

function complex(op: string, x: ComplexLike): Complex {
  if (!Array.isArray(x)) {
    const re = asTensor(x as TensorLike);
    return complex(op, [re, zerosLike(re)]);
  }
  if (x.length !== 2) throw new ShapeError(`${op}: expected real numbers or a pair [re, im], got a list of ${x.length}`);
  const [re, im] = x.map((part) => asTensor(part)) as [Tensor, Tensor];
  checkFloats(op, [re, im]);
  if (!sameShape(re.shape, im.shape))
    throw new ShapeError(`${op}: real and imaginary parts differ in shape, ${showShape(re.shape)} and ${showShape(im.shape)}`);
  return [re, im];
}

/** How many neighbouring columns of `count` are transformed together: enough to fill vectors, few enough to stay in the cache. */
function columnsOf(count: number): number {
  if (count <= 32) return count;
  for (let columns = 16; ; columns--) if (count % columns === 0) return columns;
}

/** A complex transform along one axis; columns along another than the last go in blocks. */
function along(op: string, x: ComplexLike, axis: number, backwards: boolean): Complex {
  const [re, im] = complex(op, x);
  const a = normalizeAxis(op, axis, re.rank);
  const n = re.shape[a]!;
  checkLength(op, n);
  const [before, after] = [sizeOf(re.shape.slice(0, a)), sizeOf(re.shape.slice(a + 1))];
  if (after === 0) return [re, im];
  const columns = columnsOf(after);
  const toRows = (t: Tensor): Tensor =>
    reshape(transpose(reshape(t, [before, n, after / columns, columns]), [0, 2, 1, 3]), [before, after / columns, n * columns]);
  const fromRows = (t: Tensor): Tensor => reshape(transpose(reshape(t, [before, after / columns, n, columns]), [0, 2, 1, 3]), re.shape);
  const [outRe, outIm] = complexRows([toRows(re), toRows(im)], { n, columns, backwards, scale: backwards ? 1 / n : 1 });
  return [fromRows(outRe), fromRows(outIm)];
}

/**
 * Discrete Fourier transform along `axis`: X_k = sum over j of x_j e^(-2 pi i j k / n), as NumPy's. Any length n >= 1, by Stockham's passes
 * where its prime factors are 2, 3 and 5, else by Bluestein's convolution of a length of at least 2n - 1, about five times slower.
 * Relative error in the Euclidean norm: below 1.2e-16 (1 + log2 n) in f64 and 6e-8 (1 + log2 n) in f32, twice that for other factors.
 * @param x f32 or f64: real numbers, or a pair `[re, im]` of one shape
 * @returns the pair `[re, im]`, of the shape of `x`
 */
export const fft = (x: ComplexLike, axis = -1): Complex => along("fft", x, axis, false);
/** The inverse of `fft`: sum over k of X_k e^(2 pi i j k / n), over n. */
export const ifft = (x: ComplexLike, axis = -1): Complex => along("ifft", x, axis, true);

/**
 * Transform of real numbers: elements 0 to floor(n/2) of `fft`; the others are their conjugates.
 * @param x [..., n], f32 or f64
 * @returns the pair `[re, im]`, both [..., floor(n/2) + 1]
 */
export function rfft(x: TensorLike, axis = -1): Complex {
  const t = asTensor(x);
  checkFloats("rfft", [t]);
  const a = normalizeAxis("rfft", axis, t.rank);
  checkLength("rfft", t.shape[a]!);
  const [re, im] = realToComplex(moveAxis(t, a, -1), [1, 1]);
  return [moveAxis(re, -1, a), moveAxis(im, -1, a)];
}

/**
 * The inverse of `rfft`. Imaginary parts of elements 0 and, for an even length, n/2 do not count.
 * @param x pair `[re, im]` of [..., floor(n/2) + 1]
 * @param options.length n; 2 (elements - 1) by default, which is even
 */
export function irfft(x: ComplexLike, axis = -1, options: { length?: number } = {}): Tensor {
  const [re, im] = complex("irfft", x);
  const a = normalizeAxis("irfft", axis, re.rank);
  const n = options.length ?? 2 * (re.shape[a]! - 1);
  checkLength("irfft", n);
  if (Math.floor(n / 2) + 1 !== re.shape[a])
    throw new ShapeError(
      `irfft: ${n} numbers have ${Math.floor(n / 2) + 1} elements, got ${re.shape[a]}; options.length must be 2 (elements - 1) or one more`,
    );
  return moveAxis(complexToReal([moveAxis(re, a, -1), moveAxis(im, a, -1)], n, [1 / n, 2 / n]), -1, a);
}

/** `fft` along the last two axes. */
export const fft2 = (x: ComplexLike): Complex => fft(fft(x, -1), -2);
/** The inverse of `fft2`. */
export const ifft2 = (x: ComplexLike): Complex => ifft(ifft(x, -2), -1);
/** The transform of real [..., m, n] along the last two axes: [..., m, floor(n/2) + 1]. */
export const rfft2 = (x: TensorLike): Complex => fft(rfft(x, -1), -2);
/** The inverse of `rfft2`; `options.length` is the extent of the last axis, as in `irfft`. */
export const irfft2 = (x: ComplexLike, options: { length?: number } = {}): Tensor => irfft(ifft(x, -2), -1, options);
