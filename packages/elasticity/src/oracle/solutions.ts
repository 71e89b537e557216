import { cholesky, concat, constant, map, type NdArray, program, type Tensor, take, triangularSolve } from "@credence/tensor";
import type { Assembled } from "./assemble.ts";
import type { Basis } from "./basis.ts";
import { chebyshevCoefficients } from "./chebyshev.ts";

/** Where displacements are wanted: nodes of the element of each place, i32 [S, local], and coordinates within it, f64 [S, d]. */
export interface Places {
  readonly nodes: NdArray;
  readonly within: NdArray;
}

/**
 * Displacements at places for each ratio lambda / mu [count], as coefficients of a Chebyshev series, f64 [count, S d]; where held displacements are not 0, their
 * part follows in as many rows more. One Cholesky factorisation a ratio.
 */
export async function solutions(system: Assembled, basis: Basis, places: Places, ratios: NdArray, signal?: AbortSignal): Promise<NdArray> {
  const { free, moved } = system;
  const { dimension: d } = basis;
  const [count] = ratios.shape as [number];
  const [sensors] = places.nodes.shape as [number];
  const parts = moved ? 2 : 1;
  const coefficients = chebyshevCoefficients(count);
  const run = program(
    (
      k: Tensors<Assembled["stiffness"]>,
      pull: Tensors<Assembled["pull"]>,
      load: Tensor,
      held: Tensor,
      equations: Tensor,
      at: Tensors<Places>,
      ratio: Tensor,
    ) => {
      const values = basis.at(at.within).expandDims(1);
      const one = (rho: Tensor): Tensor => {
        const factor = cholesky(k.lambda.mul(rho).add(k.mu));
        const pulled = pull.lambda.mul(rho).add(pull.mu).neg().expandDims(1);
        const right = moved ? concat([load.expandDims(1), pulled], 1) : load.expandDims(1);
        const solved = triangularSolve(factor, triangularSolve(factor, right), { transpose: true });
        const all = take(concat([solved, solved.slice([0, 0], [1, parts]).mul(0)], 0), equations);
        const whole = moved
          ? concat([all.slice([0, 0], [held.size, 1]), all.slice([0, 1], [held.size, 2]).add(held.expandDims(1))], 1)
          : all;
        const around = take(whole.reshape([held.size / d, d * parts]), at.nodes);
        return values.matmul(around).reshape([sensors * d, parts]).T;
      };
      const found = map(one, ratio) as Tensor;
      const series = constant(coefficients, "f64").reshape([count, count]);
      const part = (c: number): Tensor => series.matmul(found.slice([0, c, 0], [count, c + 1, sensors * d]).reshape([count, sensors * d]));
      return concat(
        Array.from({ length: parts }, (_, c) => part(c)),
        0,
      );
    },
    { name: "solutions" },
  );
  const { stiffness, pull, load, held, equations } = system;
  const found = await run.runAsync([stiffness, pull, load, held, equations, places, ratios], signal ? { signal } : {});
  if (!found.data().every(Number.isFinite))
    throw new RangeError(
      `the stiffness of ${free} unknowns is not positive definite: the body can move as a whole, or Poisson's ratio comes too near to 0.5`,
    );
  return found;
}

type Tensors<T> = { [K in keyof T]: Tensor };
