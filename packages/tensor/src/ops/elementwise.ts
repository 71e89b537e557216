import { NdArray } from "../array.ts";
import { type DType, isFloat } from "../dtype.ts";
import { DTypeError, ShapeError } from "../errors.ts";
import type { Abstract } from "../ir.ts";
import { defineOp } from "../op.ts";
import { broadcastShapes, sameShape, showShape } from "../shape.ts";
import { Tensor, type TensorLike } from "../tensor.ts";
import { emitOne } from "../trace.ts";
import { asTensor, full } from "./creation.ts";
import { broadcastLeading, broadcastTo } from "./shape.ts";

const float: readonly DType[] = ["f32", "f64"];
const signed: readonly DType[] = ["f32", "f64", "i32"];
const number: readonly DType[] = ["f32", "f64", "i32", "u32"];
const bit: readonly DType[] = ["bool", "i32", "u32"];

interface Elementwise {
  readonly arity: number;
  readonly doc: string;
  readonly types: readonly DType[];
  readonly result?: DType;
  readonly flat?: boolean;
  /** Products of a (co)tangent with each partial derivative; the same for forward and reverse since the op acts element by element. */
  readonly products?: (t: Tensor, inputs: readonly Tensor[], output: Tensor) => ((() => Tensor) | undefined)[];
}

function checkOperands(name: string, inputs: readonly Abstract[], spec: Elementwise): Abstract {
  const [first, ...rest] = inputs as [Abstract, ...Abstract[]];
  for (const other of rest) {
    if (other.dtype !== first.dtype)
      throw new DTypeError(
        `${name}: operands are ${inputs.map((i) => i.dtype + showShape(i.shape)).join(" and ")}; make the types agree with cast()`,
      );
    if (!sameShape(other.shape, first.shape))
      throw new ShapeError(`${name}: shapes ${inputs.map((i) => showShape(i.shape)).join(" and ")} differ`);
  }
  if (!spec.types.includes(first.dtype))
    throw new DTypeError(`${name}: expected ${spec.types.join(" or ")}, got ${first.dtype}${showShape(first.shape)}; cast() it first`);
  return first;
}

/** Every input with the new leading axis, so that the op applies unchanged. */
const aligned = (inputs: readonly Tensor[], mapped: readonly boolean[], size: number): Tensor[] =>
  inputs.map((x, i) => (mapped[i] ? x : broadcastLeading(x, size)));

function elementwise(name: string, spec: Elementwise): void {
  defineOp({
    name,
    kind: "elementwise",
    doc: spec.doc,
    ...(spec.flat ? { flat: true } : {}),
    shape: (inputs) => {
      const { shape, dtype } = checkOperands(name, inputs, spec);
      return [{ shape, dtype: spec.result ?? dtype }];
    },
    ...(spec.products && {
      forward: ({ inputs, outputs, tangents }) => [
        tangents
          .map((t, i) => t && spec.products!(t, inputs, outputs[0]!)[i]?.())
          .reduce((sum, term) => (sum && term ? add(sum, term) : (sum ?? term)), undefined),
      ],
      reverse: ({ inputs, outputs, cotangents: [ct] }) => (ct ? spec.products!(ct, inputs, outputs[0]!).map((p) => p?.()) : []),
    }),
    batch: ({ inputs, mapped, size, attributes }) => [emitOne(name, aligned(inputs, mapped, size), attributes)],
  });
}

type Unary = (x: TensorLike) => Tensor;
function unary(
  name: string,
  doc: string,
  derivative: ((t: Tensor, x: Tensor, y: Tensor) => Tensor) | "flat",
  types = float,
  result?: DType,
): Unary {
  elementwise(name, {
    arity: 1,
    doc,
    types,
    ...(result ? { result } : {}),
    ...(derivative === "flat" ? { flat: true } : { products: (t, [x], y) => [() => derivative(t, x!, y)] }),
  });
  return (x) => emitOne(name, [asTensor(x)]);
}

export const neg = unary("neg", "-x", (t) => neg(t), number);
export const abs = unary("abs", "|x|; derivative sign(x)", (t, x) => mul(t, sign(x)), number);
export const sign = unary("sign", "-1, 0 or 1", "flat", number);
export const floor = unary("floor", "largest integer <= x", "flat");
export const ceil = unary("ceil", "smallest integer >= x", "flat");
export const round = unary("round", "nearest integer, ties to even", "flat");
export const exp = unary("exp", "e^x", (t, _, y) => mul(t, y));
export const expm1 = unary("expm1", "e^x - 1, exact near 0", (t, _, y) => mul(t, add(y, 1)));
export const log = unary("log", "natural logarithm; -inf at 0, NaN below", (t, x) => div(t, x));
export const log1p = unary("log1p", "log(1 + x), exact near 0", (t, x) => div(t, add(x, 1)));
export const sqrt = unary("sqrt", "square root; NaN below 0", (t, _, y) => div(mul(t, 0.5), y));
export const sin = unary("sin", "sine, radians", (t, x) => mul(t, cos(x)));
export const cos = unary("cos", "cosine, radians", (t, x) => neg(mul(t, sin(x))));
export const tanh = unary("tanh", "hyperbolic tangent", (t, _, y) => mul(t, sub(1, square(y))));
export const sigmoid = unary("sigmoid", "1 / (1 + e^-x)", (t, _, y) => mul(t, mul(y, sub(1, y))));
export const softplus = unary("softplus", "log(1 + e^x)", (t, x) => mul(t, sigmoid(x)));
export const relu = unary("relu", "max(x, 0); derivative 0 at 0", (t, _, y) => whenPositive(y, t), signed);
export const erf = unary("erf", "2/sqrt(pi) integral of e^-t^2 from 0 to x", (t, x) =>
  mul(t, mul(exp(neg(square(x))), 2 / Math.sqrt(Math.PI))),
);
export const erfinv = unary("erfinv", "inverse of erf on (-1, 1)", (t, _, y) => mul(t, mul(exp(square(y)), Math.sqrt(Math.PI) / 2)));
export const lgamma = unary("lgamma", "log |Gamma(x)|", (t, x) => mul(t, digamma(x)));
export const digamma = unary("digamma", "derivative of lgamma", (t, x) => mul(t, trigamma(x)));
export const trigamma = unary("trigamma", "second derivative of lgamma", (t, x) => mul(t, polygamma(2, x)));
export const reciprocal = unary("reciprocal", "1 / x", (t, _, y) => neg(mul(t, square(y))));
export const square = unary("square", "x^2", (t, x) => mul(t, mul(x, 2)), number);
export const isFinite = unary("isFinite", "neither infinite nor NaN", "flat", float, "bool");
export const logicalNot = unary("logicalNot", "not x", "flat", ["bool"]);

/** Brings operands to one type and shape: numbers take the type of the other operand, shapes broadcast. */
export function operands(op: string, values: readonly TensorLike[], fallback: DType = "f32"): Tensor[] {
  const typed = values.find((v) => v instanceof Tensor || v instanceof NdArray) as Tensor | NdArray | undefined;
  const dtype = typed?.dtype ?? (values.every((v) => typeof v === "boolean") ? "bool" : fallback);
  const shape = broadcastShapes(op, ...values.map((v) => (v instanceof Tensor || v instanceof NdArray ? v.shape : [])));
  return values.map((v) =>
    typeof v === "number" || typeof v === "boolean" ? full(shape, Number(v), dtype) : broadcastTo(asTensor(v), shape),
  );
}

type Binary = (a: TensorLike, b: TensorLike) => Tensor;
type Partials = (t: Tensor, a: Tensor, b: Tensor, y: Tensor) => [(() => Tensor) | undefined, () => Tensor];
function binary(name: string, doc: string, partials: Partials | "flat", types = number, result?: DType): Binary {
  elementwise(name, {
    arity: 2,
    doc,
    types,
    ...(result ? { result } : {}),
    ...(partials === "flat" ? { flat: true } : { products: (t, [a, b], y) => partials(t, a!, b!, y) }),
  });
  return (a, b) => emitOne(name, operands(name, [a, b]));
}

export const add = binary("add", "a + b", (t) => [() => t, () => t]);
export const sub = binary("sub", "a - b", (t) => [() => t, () => neg(t)]);
export const mul = binary("mul", "a b", (t, a, b) => [() => mul(t, b), () => mul(t, a)]);
export const div = binary("div", "a / b", (t, _, b, y) => [() => div(t, b), () => neg(mul(t, div(y, b)))]);
export const pow = binary(
  "pow",
  "a^b; the derivative to b needs a > 0",
  (t, a, b, y) => [() => mul(t, mul(b, pow(a, sub(b, 1)))), () => mul(t, mul(y, log(where(greater(a, 0), a, 1))))],
  float,
);
const polygammaOf = binary(
  "polygamma",
  "derivative number a of digamma at b, for whole a from 1 to 100 and b > -1000; NaN elsewhere",
  (t, a, b) => [undefined, () => mul(t, polygammaOf(add(a, 1), b))],
  float,
);
/** Derivative number `order` of digamma: `polygamma(1, x)` is trigamma. f32 or f64, x > -1000; NaN at 0, -1, ... for an even order. */
export function polygamma(order: number, x: TensorLike): Tensor {
  if (!Number.isInteger(order) || order < 1 || order > 100)
    throw new RangeError(`polygamma: the order must be an integer from 1 to 100, got ${order}`);
  return polygammaOf(order, x);
}
export const maximum = binary("max", "the larger; NaN if either is; at a tie the derivative goes to a", (t, a, b) => [
  () => where(lessEqual(b, a), t, 0),
  () => where(lessEqual(b, a), 0, t),
]);
export const minimum = binary("min", "the smaller; NaN if either is; at a tie the derivative goes to a", (t, a, b) => [
  () => where(lessEqual(a, b), t, 0),
  () => where(lessEqual(a, b), 0, t),
]);
export const whenPositive = binary(
  "whenPositive",
  "b where a > 0, else 0: the derivative of relu; flat in a",
  (t, a) => [undefined, () => whenPositive(a, t)],
  signed,
);
export const rem = binary("rem", "a - b trunc(a / b), with the sign of a", (t, a, b) => [
  () => t,
  () => mul(t, neg(div(sub(a, rem(a, b)), b))),
]);
export const less = binary("lt", "a < b", "flat", number, "bool");
export const lessEqual = binary("le", "a <= b", "flat", number, "bool");
export const equal = binary("eq", "a = b", "flat", [...number, "bool"], "bool");
export const notEqual = binary("ne", "a != b", "flat", [...number, "bool"], "bool");
export const greater: Binary = (a, b) => less(b, a);
export const greaterEqual: Binary = (a, b) => lessEqual(b, a);
export const logicalAnd = binary("and", "a and b; bitwise for integers", "flat", bit);
export const logicalOr = binary("or", "a or b; bitwise for integers", "flat", bit);
export const logicalXor = binary("xor", "exactly one of a and b; bitwise for integers", "flat", bit);
export const shiftLeft = binary("shiftLeft", "a 2^b modulo 2^32", "flat", ["u32"]);
export const shiftRight = binary("shiftRight", "floor(a / 2^b)", "flat", ["u32"]);

defineOp({
  name: "where",
  kind: "elementwise",
  doc: "b where a holds, else c; the branch not taken has derivative 0",
  shape: ([c, a, b]) => {
    if (c!.dtype !== "bool")
      throw new DTypeError(`where: the condition must be bool, got ${c!.dtype}${showShape(c!.shape)}; compare it, as in greater(x, 0)`);
    const { shape, dtype } = checkOperands("where", [a!, b!], { arity: 2, doc: "", types: [...number, "bool"] });
    if (!sameShape(shape, c!.shape)) throw new ShapeError(`where: shapes ${[c!, a!, b!].map((x) => showShape(x.shape)).join(", ")} differ`);
    return [{ shape, dtype }];
  },
  forward: ({ inputs: [c, a], tangents: [, ta, tb] }) => [
    ta || tb ? where(c!, ta ?? full(a!.shape, 0, a!.dtype), tb ?? full(a!.shape, 0, a!.dtype)) : undefined,
  ],
  reverse: ({ inputs: [c], cotangents: [ct] }) => (ct ? [undefined, where(c!, ct, 0), where(c!, 0, ct)] : []),
  batch: ({ inputs, mapped, size }) => [emitOne("where", aligned(inputs, mapped, size))],
});

/** `a` where `condition` holds, else `b`; all broadcast. */
export function where(condition: TensorLike, a: TensorLike, b: TensorLike): Tensor {
  const c = asTensor(condition);
  const [x, y] = operands("where", [a, b]) as [Tensor, Tensor];
  const shape = broadcastShapes("where", c.shape, x.shape);
  return emitOne("where", [broadcastTo(c, shape), broadcastTo(x, shape), broadcastTo(y, shape)]);
}

defineOp({
  name: "cast",
  kind: "elementwise",
  doc: "the same number in another type; floats to integers truncate towards 0, to bool means != 0",
  shape: ([x], a) => [{ shape: x!.shape, dtype: a.dtype as DType }],
  forward: ({ inputs: [x], attributes, tangents: [t] }) => [
    t && isFloat(attributes.dtype as DType) && isFloat(x!.dtype) ? cast(t, attributes.dtype as DType) : undefined,
  ],
  reverse: ({ inputs: [x], attributes, cotangents: [ct] }) => [
    ct && isFloat(attributes.dtype as DType) && isFloat(x!.dtype) ? cast(ct, x!.dtype) : undefined,
  ],
  batch: ({ inputs: [x], attributes }) => [emitOne("cast", [x!], attributes)],
});

export const cast = (x: TensorLike, dtype: DType): Tensor => {
  const t = asTensor(x, dtype);
  return t.dtype === dtype ? t : emitOne("cast", [t], { dtype });
};

/** `x` held inside [low, high]; derivative 0 outside. */
export const clamp = (x: TensorLike, low: TensorLike, high: TensorLike): Tensor => minimum(maximum(x, low), high);
/** x sigmoid(x). */
export const silu = (x: TensorLike): Tensor => mul(x, sigmoid(x));
/** x for x > 0, else e^x - 1. */
export const elu = (x: TensorLike): Tensor => where(greater(x, 0), x, expm1(minimum(x, 0)));
/** log(1 / (1 + e^-x)), exact for large |x|. */
export const logSigmoid = (x: TensorLike): Tensor => neg(softplus(neg(x)));
