import type { Collocation } from "./collocation.ts";

/** normal . x = offset, in units of the problem. */
export interface Plane {
  readonly normal: readonly number[];
  readonly offset: number;
}

/**
 * For each component, the planes on which boundary points hold it at zero; `undefined` where a face that holds it is curved or holds it at another value, which a factor
 * cannot do.
 */
export function hardSupports({ boundary, normal, isHeld, held, counts }: Collocation): readonly (readonly Plane[])[] | undefined {
  const [m, d] = boundary.shape as [number, number];
  const [x, n, mask, value, counted] = [boundary, normal, isHeld, held, counts].map((t) => t.data() as Float64Array) as [
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  const planes: Plane[][] = Array.from({ length: d }, () => []);
  for (let p = 0; p < m; p++)
    for (let i = 0; i < d; i++) {
      if (mask[p * d + i] !== 1 || counted[p * d + i] !== 1) continue;
      if (Math.abs(value[p * d + i]!) > 1e-12) return undefined;
      const direction = Array.from(n.subarray(p * d, (p + 1) * d));
      if (direction.every((v) => v === 0)) return undefined;
      const offset = direction.reduce((sum, v, k) => sum + v * x[p * d + k]!, 0);
      const same = planes[i]!.some(
        (plane) => Math.abs(plane.offset - offset) < 1e-9 && plane.normal.every((v, k) => Math.abs(v - direction[k]!) < 1e-9),
      );
      if (!same) planes[i]!.push({ normal: direction, offset });
      if (planes[i]!.length > 2 * d) return undefined;
    }
  return planes;
}
