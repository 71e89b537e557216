import { abstractly, random, type Tensor, vmap } from "@credence/tensor";
import type { Target } from "./target.ts";

export interface DensityTargetOptions {
  /** Of u, or their names. */
  readonly parameters: number | readonly string[];
  /** Log density in nats of one draw, up to a constant: u [D] of any real numbers -> a number. -Infinity where there is no mass. Traced, in f64. */
  readonly logDensity: (u: Tensor) => Tensor;
  /** Quantities of one draw, [D] -> [K], and their names; u itself if absent. */
  readonly quantities?: { readonly names: readonly string[]; readonly of: (u: Tensor) => Tensor };
  /** n starting points [n, D]; uniform(-2, 2) for each coordinate if absent. */
  readonly initial?: (key: Tensor, n: number) => Tensor;
}

/**
 * A log density as it stands, over vectors of real numbers. For bounded parameters use `model` with `flat` priors, which brings the maps and their log
 * derivatives: `model({ mu: flat(), sigma: flat({ low: 0 }) }, ({ mu, sigma }) => logDensity)`.
 * @throws RangeError where the density is no number, or the quantities are not as many as their names
 */
export function densityTarget({ parameters, logDensity, quantities, initial }: DensityTargetOptions): Target {
  const coordinates = typeof parameters === "number" ? Array.from({ length: parameters }, (_, d) => `u[${d}]`) : parameters;
  const dimension = coordinates.length;
  if (!(Number.isInteger(dimension) && dimension >= 1))
    throw new RangeError(`densityTarget: expected at least one parameter, got ${String(parameters)}`);
  const names = quantities?.names ?? coordinates;
  abstractly([{ shape: [dimension], dtype: "f64" }], (u) => {
    const density = logDensity(u!);
    if (density.rank !== 0 || density.dtype !== "f64")
      throw new RangeError(
        `densityTarget: logDensity must give one f64 number for u [${dimension}], got ${density.dtype}[${density.shape.join(", ")}]; sum() it`,
      );
    const shape = quantities?.of(u!).shape.join();
    if (shape !== undefined && shape !== `${names.length}`)
      throw new RangeError(`densityTarget: quantities must be [${names.length}], as many as their names, got [${shape}]`);
  });
  return {
    dimension,
    coordinates,
    names,
    logDensity: vmap(logDensity),
    rowsAlike: true,
    constrain: quantities ? vmap(quantities.of) : (u) => u,
    initial: initial ?? ((key, n) => random.uniform(key, [n, dimension], { dtype: "f64", low: -2, high: 2 })),
  };
}
