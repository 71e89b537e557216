import { array, type NdArray, type NestedNumbers, program, type Tensor } from "@credence/tensor";
import type { Model } from "./model.ts";

/** A value of every parameter, by name. */
export type Point<K extends string = string> = { readonly [N in K]: NestedNumbers };

/** Relative difference by which a value may differ after the way there and back. */
const roundTrip = 1e-6;

/**
 * The u [n, D] of values of the parameters, to start chains from.
 * @throws RangeError for a name that is missing or unknown, a shape that differs, or a value outside the support
 */
export function pointsOf<K extends string>(model: Model<K>, points: readonly Point<K>[]): NdArray {
  const own = model.parameters.filter(({ derived }) => !derived);
  const rows = points.map((point: Point) => {
    for (const name of Object.keys(point))
      if (!own.some((parameter) => parameter.name === name))
        throw new RangeError(`pointsOf: no parameter ${name}; there are ${own.map(({ name }) => name).join(", ")}`);
    return own.flatMap(({ name, shape, reported }) => {
      const given = point[name];
      if (given === undefined) throw new RangeError(`pointsOf: expected a value for ${name}, got none`);
      using value = array(given, { dtype: "f64" });
      if (value.shape.join() !== shape.join())
        throw new RangeError(`pointsOf: ${name} has shape [${shape.join(", ")}], got a value of [${value.shape.join(", ")}]`);
      const values = value.data();
      return reported.map((at) => values[at]!);
    });
  });
  const width = rows[0]?.length ?? 0;
  if (width === 0) throw new RangeError("pointsOf: expected at least one point, got none");
  using quantities = array(rows, { dtype: "f64" });
  const there = program((q: Tensor) => {
    const u = model.unconstrain(q);
    return { u, back: model.constrain(u) };
  })(quantities);
  using back = there.back;
  const [values, count] = [back.data(), model.names.length];
  rows.forEach((row, i) => {
    const bad = row.findIndex((value, j) => !(Math.abs(values[i * count + j]! - value) <= roundTrip * (1 + Math.abs(value))));
    if (bad >= 0) throw new RangeError(`pointsOf: ${model.names[bad]} = ${row[bad]} is outside its support`);
  });
  return there.u;
}
