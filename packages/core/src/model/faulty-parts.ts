import { array, type NdArray, program, type Tensor } from "@credence/tensor";
import type { Target } from "./target.ts";

/** Which parts of the log density are not finite at u [D], where the target tells its parts: " (the part of y is NaN)"; empty where none is known. */
export async function faultyParts(target: Target, u: ArrayLike<number>, device: string | undefined): Promise<string> {
  if (!target.terms) return "";
  const place = device === undefined ? {} : { device };
  using point = array(Float64Array.from(u), { shape: [1, u.length], ...place });
  const look = program((v: Tensor) => target.terms!(v), { ...place, name: "parts of the log density" });
  const parts = Object.entries((await look.runAsync([point])) as Record<string, NdArray>).map(
    ([name, part]) => [name, part.item()] as const,
  );
  const faulty = parts.filter(([, value]) => !Number.isFinite(value));
  return faulty.length > 0 ? ` (${faulty.map(([name, value]) => `the part of ${name} is ${value}`).join(", ")})` : "";
}

/** "mu = 0.31, log tau = -2", of the first few coordinates of u [D]. */
export function describePoint(coordinates: readonly string[], u: ArrayLike<number>): string {
  const shown = coordinates.slice(0, 5).map((name, d) => `${name} = ${Number(u[d]!.toPrecision(4))}`);
  return shown.join(", ") + (coordinates.length > 5 ? `, and ${coordinates.length - 5} more` : "");
}
