import { type DType, isFloat } from "../dtype.ts";
import { DTypeError, ShapeError, TraceError } from "../errors.ts";
import type { Abstract } from "../ir.ts";
import { showShape } from "../shape.ts";
import type { Tensor, TensorLike } from "../tensor.ts";
import { asTensor } from "./creation.ts";
import { add, cast, mul } from "./elementwise.ts";
import { sum } from "./reduce.ts";
import { callOf, defineRowOp, type RowAttributes, rowOperation } from "./rows.ts";
import { broadcastTo, expandDims, index, reshape, stack } from "./shape.ts";

/** A derivative of the integral of 1 / |x - place| over a body, with respect to the place: none of them, a first or a second one. */
export type FieldDerivative = "none" | "x" | "y" | "z" | "xx" | "yy" | "zz" | "xy" | "xz" | "yz";

/** In the order of native/include/credence/gravity.hpp. */
const derivatives: readonly FieldDerivative[] = ["none", "x", "y", "z", "xx", "yy", "zz", "xy", "xz", "yz"];
const axes = ["x", "y", "z"] as const;

/** The codes of the derivatives of derivative `code` along x, y and z. */
function further(op: string, code: number): readonly number[] {
  const name = derivatives[code]!;
  if (name.length === 2)
    throw new TraceError(`${op}: the second derivative ${name} of a field has no derivative here: there are no formulas for third ones`);
  return axes.map((axis) => derivatives.indexOf(name === "none" ? axis : ([name, axis].sort().join("") as FieldDerivative)));
}

interface Call {
  readonly inputs: readonly Tensor[];
  readonly attributes: RowAttributes;
}
/** The same call with other integers. */
const again = (op: string, { inputs, attributes }: Call, integers: readonly number[]): Tensor =>
  rowOperation(op, inputs, { ...attributes, integers })[0]!;
/** The field differentiated along x, y and z once more. */
const gradient = (op: string, call: Call): readonly Tensor[] => {
  const [code, ...rest] = call.attributes.integers;
  return further(op, code!).map((next) => again(op, call, [next, ...rest]));
};

/** What moves the field as places move: sum over axes of a derivative times the place's tangent along that axis. */
const alongPlaces = (slopes: readonly Tensor[], tangent: Tensor): Tensor =>
  slopes
    .map((slope, axis) => mul(slope, broadcastTo(cast(expandDims(index(tangent, axis, -1), -1), slope.dtype), slope.shape)))
    .reduce((a, b) => add(a, b));
/** The cotangent of places [..., 3]. */
const onPlaces = (slopes: readonly Tensor[], cotangent: Tensor): Tensor =>
  stack(
    slopes.map((slope) => cast(sum(mul(slope, cotangent), -1), "f64")),
    -1,
  );

/**
 * How the field of prisms changes as each of their planes moves: what the corners in that plane contribute to the field's derivative along
 * the plane's normal, with the other sign.
 */
function planeSlopes(call: Call): readonly Tensor[] {
  const codes = further("prismField", call.attributes.integers[0]!);
  return [1, 2, 3, 4, 5, 6].map((plane) => mul(again("prismField", call, [codes[Math.floor((plane - 1) / 2)]!, plane]), -1));
}
const whole = (call: Call): void => {
  if (call.attributes.integers[1] !== 0)
    throw new TraceError("prismField: the derivative with respect to a prism's planes has no further derivative with respect to them");
};

const planesStay = (): TraceError => new TraceError("meshField has no derivative with respect to planes: take prismField");

const checkPlaces =
  (op: string) =>
  ([places, ...bodies]: readonly Abstract[], { outputs }: RowAttributes): void => {
    for (const x of [places!, ...bodies])
      if (x.dtype !== "f64")
        throw new DTypeError(
          `${op}: places and bodies must be f64, got ${x.dtype}${showShape(x.shape)}: metres on a map have more than 24 bits`,
        );
    if (places!.shape.at(-1) !== 3) throw new ShapeError(`${op}: expected places [..., 3], got ${showShape(places!.shape)}`);
    if (!isFloat(outputs[0]!.dtype)) throw new DTypeError(`${op}: the result must be f32 or f64, got ${outputs[0]!.dtype}`);
  };

defineRowOp(
  "prismField",
  "the integral of 1 / |x - place| over prisms, or a derivative with respect to the place up to the second",
  checkPlaces("prismField"),
  {
    forward: ({ inputs, attributes, tangents: [dPlace, dPrisms] }) => {
      const call = { inputs, attributes: callOf(attributes) };
      const parts = dPlace ? [alongPlaces(gradient("prismField", call), dPlace)] : [];
      if (dPrisms) {
        whole(call);
        const moved = reshape(dPrisms, [...dPrisms.shape.slice(0, -1), dPrisms.shape.at(-1)! / 6, 6]);
        planeSlopes(call).forEach((slope, plane) => parts.push(mul(slope, cast(index(moved, plane, -1), slope.dtype))));
      }
      return [parts.length ? parts.reduce((a, b) => add(a, b)) : undefined];
    },
    reverse: ({ inputs, attributes, cotangents: [ct], wanted }) => {
      if (!ct) return [];
      const call = { inputs, attributes: callOf(attributes) };
      const { shared, rows } = call.attributes;
      const place = onPlaces(gradient("prismField", call), ct);
      if (!wanted[1]) return [place];
      whole(call);
      const perPlane = planeSlopes(call).map((slope) => mul(slope, ct));
      const bars = stack(
        perPlane.map((bar) =>
          cast(
            shared[1] && rows.length
              ? sum(
                  bar,
                  rows.map((_, i) => i),
                )
              : bar,
            "f64",
          ),
        ),
        -1,
      );
      return [place, reshape(bars, inputs[1]!.shape)];
    },
  },
);

defineRowOp(
  "meshField",
  "the integral of 1 / |x - place| over the cells between planes, or a derivative with respect to the place up to the second",
  checkPlaces("meshField"),
  {
    forward: ({ inputs, attributes, tangents: [dPlace, ...dPlanes] }) => {
      const call = { inputs, attributes: callOf(attributes) };
      if (dPlanes.some((t) => t !== undefined)) throw planesStay();
      return [dPlace && alongPlaces(gradient("meshField", call), dPlace)];
    },
    reverse: ({ inputs, attributes, cotangents: [ct], wanted: [, ...planesWanted] }) => {
      const call = { inputs, attributes: callOf(attributes) };
      if (ct && planesWanted.some(Boolean)) throw planesStay();
      return [ct && onPlaces(gradient("meshField", call), ct)];
    },
  },
);

export interface FieldOptions {
  /** Which derivative with respect to the place; "none" is the integral itself. */
  readonly derivative: FieldDerivative;
  /** What the result is multiplied by: G, units, a density. 1 unless given. */
  readonly scale?: number;
  /** Of the result; the field is computed in f64 throughout. f64 unless given. */
  readonly dtype?: "f32" | "f64";
}

function codeOf(op: string, { derivative, scale = 1 }: FieldOptions): { code: number; numbers: number[] } {
  const code = derivatives.indexOf(derivative);
  if (code < 0) throw new RangeError(`${op}: no derivative "${derivative}"; expected one of ${derivatives.join(", ")}`);
  if (!Number.isFinite(scale)) throw new RangeError(`${op}: scale must be a finite number, got ${scale}`);
  return { code, numbers: [scale] };
}

/**
 * The field of rectangular prisms at places, each prism at each place: `scale` times the integral of 1 / |x - place| over the prism, or a
 * derivative with respect to the place. Finite everywhere; on a face a second derivative jumps, and the mean of both sides is given.
 * Derivatives with respect to places and prisms are closed forms; of second derivatives there are none.
 *
 * @param places [..., 3], f64: x, y, z
 * @param prisms [n, 6], f64: xMin, xMax, yMin, yMax, zMin, zMax; bounds the wrong way round turn the sign
 * @returns [..., n]
 */
export function prismField(places: TensorLike, prisms: TensorLike, options: FieldOptions): Tensor {
  const { code, numbers } = codeOf("prismField", options);
  const [at, bodies] = [asTensor(places, "f64"), asTensor(prisms, "f64")];
  if (bodies.rank !== 2 || bodies.shape[1] !== 6)
    throw new ShapeError(`prismField: expected prisms [n, 6], got ${showShape(bodies.shape)}`);
  const n = bodies.shape[0]!;
  return rowOperation("prismField", [at, reshape(bodies, [6 * n])], {
    rows: at.shape.slice(0, -1),
    shared: [false, true],
    outputs: [{ length: n, dtype: options.dtype ?? ("f64" as DType) }],
    integers: [code, 0],
    numbers,
  })[0]!;
}

/** Ascending planes between which cells lie. */
export interface MeshPlanes {
  readonly x: TensorLike;
  readonly y: TensorLike;
  readonly z: TensorLike;
}

/**
 * The field of the cells of a mesh at places, as `prismField`, many times faster: corners that cells share are taken once. Derivatives
 * with respect to places; the planes are fixed.
 *
 * @param places [..., 3], f64
 * @param planes ascending: x [nx + 1], y [ny + 1], z [nz + 1], f64
 * @returns [..., nz, ny, nx]
 */
export function meshField(places: TensorLike, planes: MeshPlanes, options: FieldOptions): Tensor {
  const { code, numbers } = codeOf("meshField", options);
  const at = asTensor(places, "f64");
  const sides = axes.map((axis) => asTensor(planes[axis], "f64"));
  const counts = sides.map((side, i) => {
    if (side.rank !== 1 || side.size < 2)
      throw new ShapeError(`meshField: expected at least 2 planes along ${axes[i]}, got ${showShape(side.shape)}`);
    return side.size - 1;
  });
  const [nx, ny, nz] = counts as [number, number, number];
  const rows = at.shape.slice(0, -1);
  const [field] = rowOperation("meshField", [at, ...sides], {
    rows,
    shared: [false, true, true, true],
    outputs: [{ length: nx * ny * nz, dtype: options.dtype ?? ("f64" as DType) }],
    integers: [code, nx, ny, nz],
    numbers,
  });
  return reshape(field!, [...rows, nz, ny, nx]);
}
