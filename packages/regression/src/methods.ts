import { derivedSeed, fitVariational, laplaceApproximation, type Model, type NormalBase, nuts } from "@credence/core";
import { matmul, program, type Tensor } from "@credence/tensor";
import { chosen } from "./compare.ts";
import type { Fit, Method } from "./fit.ts";
import type { Run } from "./run.ts";

/** Streams of random numbers: each method draws its own, whichever others run. */
const streams = { nuts: 1, "mean-field": 2, "full-rank": 3, flow: 4, laplace: 5 } as const;

/** NUTS as a method. */
export function nutsMethod(
  run: Run,
  model: Model,
  options: { key?: string; label?: string; targetAcceptance?: number; inputs?: string } = {},
): Method {
  const { effort, seed, context } = run;
  const { key = "nuts", label = "NUTS", targetAcceptance } = options;
  const total = effort.warmup + effort.draws;
  return {
    key,
    label,
    inputs: [targetAcceptance ?? null, options.inputs ?? null],
    run: async () => ({
      draws: await nuts(model, {
        chains: effort.chains,
        warmup: effort.warmup,
        draws: effort.draws,
        seed: derivedSeed(seed, streams.nuts),
        ...(targetAcceptance === undefined ? {} : { targetAcceptance }),
        signal: context.signal,
        onProgress: ({ phase, done }) => context.progress(label, (phase === "warmup" ? 0 : effort.warmup) + done, total),
      }),
    }),
  };
}

/** A variational family as a method. */
export function variationalMethod(
  run: Run,
  model: Model,
  family: "mean-field" | "full-rank" | "flow",
  options: { key?: string; label?: string; steps?: number; base?: () => Promise<NormalBase> } = {},
): Method {
  const { effort, seed, context } = run;
  const { key = family, label = `${family} VI`, steps, base } = options;
  return {
    key,
    label,
    inputs: [steps ?? null, base === undefined ? "found" : "given"],
    async run() {
      const fit = await fitVariational(model, {
        family: family === "flow" ? { kind: "flow" } : family,
        seed: derivedSeed(seed, streams[family]),
        ...(steps === undefined ? {} : { steps }),
        ...(base === undefined ? {} : { base: await base() }),
        signal: context.signal,
        onProgress: ({ done, total }) => context.progress(label, Math.min(done, total - 1), total),
      });
      const draws = await fit.sample(effort.fitDraws, { seed: derivedSeed(seed, 10 + streams[family]), signal: context.signal });
      return { draws, elbo: { ...fit.elbo }, kHat: fit.kHat, warnings: fit.warnings, trace: fit.trace };
    },
  };
}

/** The normal at the mode with the curvature there. */
export function laplaceMethod(run: Run, model: Model): Method {
  const { effort, seed, context } = run;
  return {
    key: "laplace",
    label: "Laplace",
    async run() {
      const fit = await laplaceApproximation(model, { seed: derivedSeed(seed, streams.laplace), signal: context.signal });
      const draws = await fit.sample(effort.fitDraws, { seed: derivedSeed(seed, 10 + streams.laplace) });
      return { draws, elbo: { ...fit.elbo }, kHat: fit.kHat, warnings: fit.warnings };
    },
  };
}

/** Mean and covariance of the draws of another form of the model, where `model` works: a start that has the scales right. */
export async function baseFrom(fit: Fit, model: Model): Promise<NormalBase> {
  const run = program(
    (q: Tensor) => {
      const u = model.unconstrain(q);
      const mean = u.mean(0);
      const from = u.sub(mean);
      return { mean, covariance: matmul(from.T, from).div(u.shape[0]! - 1) };
    },
    { name: "base from another fit" },
  );
  return run.runAsync([chosen(fit, model.names)]);
}
