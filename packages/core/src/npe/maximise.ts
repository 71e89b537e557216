import { argmax, cast, clamp, logSumExp, program, repeat, stack, type Tensor, take, valueAndGrad } from "@credence/tensor";
import { type AdamState, adam } from "../optimize/adam.ts";
import { cosineRate } from "../optimize/schedule.ts";
import type { Fitted } from "./fitted.ts";
import type { ModelParams } from "./model.ts";
import type { Scales } from "./prepare.ts";
import { arrange, inputsOf } from "./standardise.ts";
import { fromUnconstrained, logDerivative, toUnconstrained } from "./unconstrain.ts";

export interface MapOptions {
  /** An integer in [0, 2^32). */
  readonly seed: number;
  /** Draws from which the ascent's starts are chosen; 1000 if absent. */
  readonly draws?: number;
  /** Best draws that the ascent starts from; 20 if absent. */
  readonly candidates?: number;
  /** Steps of the ascent; 300 if absent. */
  readonly steps?: number;
  readonly signal?: AbortSignal;
}

/** Largest |z| of an ascent, in standard deviations: a density that rises to the edge of an interval has its maximum on the edge. */
const reach = 6;

/** Maximum of the mixture's density over the user's own parameters, by gradient ascent from `starts` [candidates, D]. */
export function makeMaximiser(fitted: Fitted, steps: number) {
  const { model, embedding, bounds, weights, device } = fitted;
  const optimiser = adam<Tensor>({ learningRate: cosineRate({ rate: 0.02, steps, final: 1e-5 }), beta2: 0.99 });
  return program(
    (members: readonly ModelParams[], s: Scales, starts: Tensor, x: Tensor) => {
      const inputs = inputsOf(arrange(x, embedding.layout), s.x, fitted.shape.missing);
      const mean = cast(s.z.mean, "f32");
      const sd = cast(s.z.sd, "f32");
      /** log density of theta at standardised unconstrained points, without the constant -sum log sd. */
      const logDensity = (points: Tensor): Tensor => {
        const each = members.map((params, k) => model.logProb(params, points, inputs).add(Math.log(weights[k]!)));
        return logSumExp(stack(each, 0), 0).add(logDerivative(points.mul(sd).add(mean), bounds));
      };
      const loss = valueAndGrad((points: Tensor) => logDensity(points).sum().neg());
      const first = cast(toUnconstrained(starts, bounds)[0].sub(s.z.mean).div(s.z.sd), "f32");
      type Carry = { readonly points: Tensor; readonly state: AdamState<Tensor> };
      const { points } = repeat(
        steps,
        ({ points, state }: Carry): Carry => {
          const next = optimiser.step(state, points, loss(points)[1]);
          return { points: clamp(next.params, -reach, reach), state: next.state };
        },
        { points: first, state: optimiser.init(first) },
      );
      const best = take(points, argmax(logDensity(points), 0).reshape([1]));
      return fromUnconstrained(cast(best, "f64").mul(s.z.sd).add(s.z.mean), bounds);
    },
    { name: "maximise", ...(device !== undefined && { device }) },
  );
}
