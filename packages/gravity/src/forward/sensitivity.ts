import {
  array,
  type FieldDerivative,
  meshField,
  type NdArray,
  prismField as prismIntegral,
  reshape,
  type Tensor,
  type TensorLike,
} from "@credence/tensor";
import type { Mesh } from "../mesh.ts";
import { type FieldComponent, fieldUnit, gravitationalConstant, type Prism, requirePrism } from "./prism.ts";

/** A component as a derivative along x, y and z; "down" is against z. */
const derivativeOf: { readonly [component in FieldComponent]: readonly [FieldDerivative, 1 | -1] } = {
  potential: ["none", 1],
  east: ["x", 1],
  north: ["y", 1],
  down: ["z", -1],
  eastEast: ["xx", 1],
  northNorth: ["yy", 1],
  downDown: ["zz", 1],
  eastNorth: ["xy", 1],
  eastDown: ["xz", -1],
  northDown: ["yz", -1],
};

/** @throws {RangeError} unless it is one of the components */
export function requireComponent(component: FieldComponent): void {
  if (!Object.hasOwn(derivativeOf, component))
    throw new RangeError(`no field component "${component}"; expected one of ${Object.keys(derivativeOf).join(", ")}`);
}

function optionsOf(component: FieldComponent, dtype: "f32" | "f64") {
  requireComponent(component);
  const [derivative, sign] = derivativeOf[component];
  return { derivative, scale: (sign * gravitationalConstant) / fieldUnit[component], dtype };
}

/**
 * The field of each prism at each station for a density of 1 kg/m3, traced: a program's own numbers may move stations and planes.
 *
 * @param stations [..., 3], f64: easting, northing, upward
 * @param prisms [n, 6], f64: west, east, south, north, bottom, top, as `prismTable` gives them
 * @returns [..., n], f64, in the units of `prismField`
 */
export const prismSensitivity = (stations: TensorLike, prisms: TensorLike, component: FieldComponent = "down"): Tensor =>
  prismIntegral(stations, prisms, optionsOf(component, "f64"));

/**
 * Prisms as the array [n, 6] that `prismSensitivity` takes.
 *
 * @throws {RangeError} where there is none, or bounds are inverted or not finite
 */
export function prismTable(prisms: readonly Prism[]): NdArray {
  if (prisms.length === 0) throw new RangeError("prismTable: expected one or more prisms, got none");
  const rows = prisms.flatMap((prism) => {
    requirePrism(prism);
    return [prism.west, prism.east, prism.south, prism.north, prism.bottom, prism.top];
  });
  return array(rows, { dtype: "f64", shape: [prisms.length, 6] });
}

/** The planes of a mesh, as arrays. */
export const planesOf = ({ eastings, northings, upwards }: Mesh): { readonly x: NdArray; readonly y: NdArray; readonly z: NdArray } => ({
  x: array(eastings),
  y: array(northings),
  z: array(upwards),
});

/**
 * The field of each cell of a mesh at each station for a density of 1 kg/m3, traced.
 *
 * @param stations [..., 3], f64
 * @param planes of the mesh, as `planesOf` gives them
 * @param dtype of the result; the field is computed in f64
 * @returns [..., nz ny nx], in the units of `prismField`
 */
export function cellSensitivity(
  stations: Tensor,
  planes: ReturnType<typeof planesOf>,
  component: FieldComponent = "down",
  dtype: "f32" | "f64" = "f64",
): Tensor {
  const field = meshField(stations, planes, optionsOf(component, dtype));
  return reshape(field, [...field.shape.slice(0, -3), field.shape.slice(-3).reduce((a, b) => a * b)]);
}
