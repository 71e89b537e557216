import { all, array, cast, constant, logicalAnd, program, type Tensor, where } from "@credence/tensor";
import { type Fitted, rowsOf } from "./fitted.ts";
import type { ModelParams } from "./model.ts";
import type { Scales } from "./prepare.ts";
import { arrange, inputsOf } from "./standardise.ts";
import { toUnconstrained } from "./unconstrain.ts";

/** Rows of one run of the program: one shape for every number of rows. */
const rowsPerRun = 1024;

/** log q(theta | x) of the mixture, in the user's own parameters: [n]. */
export function makeDensity(fitted: Fitted) {
  const { model, embedding, bounds, rowShape, members, weights, scales, device } = fitted;
  const dimension = bounds.length;
  const width = rowShape.reduce((product, extent) => product * extent, 1);
  const placement = device !== undefined ? { device } : {};
  const density = program(
    (params: ModelParams, s: Scales, theta: Tensor, x: Tensor) => {
      const [z, jacobian] = toUnconstrained(theta, bounds);
      const standard = z.sub(s.z.mean).div(s.z.sd);
      const inputs = inputsOf(arrange(x, embedding.layout), s.x, fitted.shape.missing);
      const logProb = cast(model.logProb(params, cast(standard, "f32"), inputs), "f64")
        .add(jacobian)
        .sub(s.z.sd.log().sum());
      return where(insideAll(theta, bounds), logProb, Number.NEGATIVE_INFINITY);
    },
    { threads: 1, name: "density", ...placement },
  );

  /** theta: [n, D]; x: one observation for all rows, or one for each. */
  return async (theta: Float64Array, x: Float64Array, signal?: AbortSignal): Promise<Float64Array> => {
    const n = theta.length / dimension;
    const shared = x.length === width;
    const result = new Float64Array(n);
    for (let start = 0; start < n; start += rowsPerRun) {
      const rows = Math.min(rowsPerRun, n - start);
      const thetaPart = array(rowsOf(theta, dimension, start, rowsPerRun), { shape: [rowsPerRun, dimension], ...placement });
      const xRows = shared ? 1 : rowsPerRun;
      const xPart = array(shared ? x : rowsOf(x, width, start, rowsPerRun), { shape: [xRows, ...rowShape], ...placement });
      const logProbs: ArrayLike<number>[] = [];
      for (const params of members) {
        const run = await density.runAsync([params, scales, thetaPart, xPart], signal ? { signal } : {});
        logProbs.push(run.data());
        run.dispose();
      }
      for (let i = 0; i < rows; i++) result[start + i] = logMixture(logProbs, weights, i);
      thetaPart.dispose();
      xPart.dispose();
    }
    return result;
  };
}

/** log sum_k w_k exp(l_k[i]). */
function logMixture(logProbs: readonly ArrayLike<number>[], weights: readonly number[], i: number): number {
  const top = Math.max(...logProbs.map((l) => l[i]!));
  if (!Number.isFinite(top)) return top;
  return top + Math.log(logProbs.reduce((total, l, k) => total + weights[k]! * Math.exp(l[i]! - top), 0));
}

function insideAll(theta: Tensor, bounds: Fitted["bounds"]): Tensor {
  const low = constant(
    bounds.map((bound) => bound.low),
    "f64",
  );
  const high = constant(
    bounds.map((bound) => bound.high),
    "f64",
  );
  return all(logicalAnd(theta.greaterEqual(low), theta.lessEqual(high)), 1);
}
