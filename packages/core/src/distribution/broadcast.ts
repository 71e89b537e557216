import { type Shape, ShapeError } from "@credence/tensor";

/** The shape that `shapes` stretch to by NumPy's rules; ShapeError where they do not. */
export function broadcastShapes(owner: string, ...shapes: readonly Shape[]): Shape {
  const rank = Math.max(0, ...shapes.map((shape) => shape.length));
  return Array.from({ length: rank }, (_, axis) => {
    const extents = shapes.map((shape) => shape[axis - rank + shape.length] ?? 1);
    const extent = extents.find((n) => n !== 1) ?? 1;
    if (extents.some((n) => n !== 1 && n !== extent))
      throw new ShapeError(`${owner}: shapes ${shapes.map((shape) => `[${shape.join(", ")}]`).join(" and ")} do not broadcast`);
    return extent;
  });
}
