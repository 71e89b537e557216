import { any, cast, less, random, type Tensor, whileLoop, zeros } from "@credence/tensor";
import { gradientOf } from "../model/gradient.ts";
import { adaptStepSizes, fixStepSizes, initStepSizes, type StepSizes } from "./dual-averaging.ts";
import { type HmcState, initHmc, stepHmc } from "./hmc.ts";
import {
  adaptMetropolis,
  bestAcceptance,
  initMetropolis,
  initTuning,
  type MetropolisTuning,
  stepFactor,
  stepMetropolis,
} from "./metropolis.ts";
import { initNuts, type NutsState, standing, stepNuts } from "./nuts.ts";

/** Blocks of unknowns by name, each [n, d]: one row a chain. */
export type Blocks = Readonly<Record<string, Tensor>>;

/** How one block is drawn given all the others. */
export type BlockUpdate =
  /** Exactly: a draw [n, d] from its distribution given the other blocks. */
  | { readonly block: string; readonly draw: (key: Tensor, blocks: Blocks) => Tensor }
  /** By steps that leave its distribution given the others as it is: `steps` of a random walk (1 if absent), or of HMC in a transition on average (8), or one NUTS trajectory. */
  | { readonly block: string; readonly by: "metropolis" | "hmc" | "nuts"; readonly steps?: number };

/** log of the joint density of all blocks, up to a constant, [n]. */
export type JointDensity = (blocks: Blocks) => Tensor;

/** What the updates of a sweep are tuned by: nothing for an exact draw. */
export type SweepTuning = readonly { readonly walk?: MetropolisTuning; readonly sizes?: StepSizes }[];

/** Depth of a NUTS trajectory of one block: a block is a part of the whole, and need not be crossed in one sweep. */
const doublings = 6;

export const initSweep = (updates: readonly BlockUpdate[], blocks: Blocks): SweepTuning =>
  updates.map((update) => {
    if ("draw" in update) return {};
    const block = blocks[update.block]!;
    return update.by === "metropolis" ? { walk: initTuning(block) } : { sizes: initStepSizes(block.sum(-1).mul(0).add(0.1)) };
  });

/**
 * One sweep of every chain of a Gibbs sampler (Geman and Geman 1984): each block in turn is drawn given the others as they are then. An update that is not exact
 * need only keep the distribution of its block given the others, and the whole keeps the joint one.
 * @param number sweeps before, i32
 * @param adapting whether the updates are tuned, bool; a tuning that never stops would not keep the distribution
 */
export function sweep(
  joint: JointDensity,
  updates: readonly BlockUpdate[],
  key: Tensor,
  blocks: Blocks,
  tuning: SweepTuning,
  { number, adapting }: { readonly number: Tensor; readonly adapting: boolean },
): [Blocks, SweepTuning] {
  let now = blocks;
  const next = updates.map((update, k): SweepTuning[number] => {
    const own = random.fold(key, k);
    const name = update.block;
    if ("draw" in update) {
      now = { ...now, [name]: update.draw(own, now) };
      return {};
    }
    const others = now;
    const from = now[name]!;
    const density = (value: Tensor): Tensor => joint({ ...others, [name]: value });
    if (update.by === "metropolis") {
      let walk = tuning[k]!.walk!;
      let state = initMetropolis(density, from);
      for (let step = 0; step < (update.steps ?? 1); step++) {
        const [moved, info] = stepMetropolis(density, random.fold(own, step), state, stepFactor(walk));
        state = moved;
        if (adapting) walk = adaptMetropolis(walk, moved, info, cast(number, "f64"), bestAcceptance(from.shape[1]!));
      }
      now = { ...now, [name]: state.position };
      return { walk };
    }
    const [moved, sizes] = hamiltonian(update, density, own, from, tuning[k]!.sizes!, number, adapting);
    now = { ...now, [name]: moved };
    return { sizes };
  });
  return [now, next];
}

/** One transition of a block by HMC or NUTS with a unit mass matrix. */
function hamiltonian(
  { by, steps = 8 }: { readonly by: string; readonly steps?: number },
  density: (value: Tensor) => Tensor,
  key: Tensor,
  from: Tensor,
  sizes: StepSizes,
  number: Tensor,
  adapting: boolean,
): [Tensor, StepSizes] {
  const [n, d] = from.shape as [number, number];
  const gradient = gradientOf(density);
  const metric = zeros([d], "f64").add(1);
  const tuned = (acceptance: Tensor): StepSizes =>
    adapting ? adaptStepSizes(sizes, acceptance.equal(acceptance), number.broadcastTo([n]), acceptance, 0.8) : sizes;
  if (by === "hmc") {
    const state: HmcState = initHmc(gradient, from, metric);
    const [end, info] = stepHmc(gradient, key, state, {
      metric,
      stepSize: sizes.stepSize,
      goal: 1,
      steps: jittered(random.fold(key, 2), steps),
    });
    return [end.proposal.position, tuned(info.acceptance)];
  }
  type Walk = { readonly state: NutsState; readonly acceptance: Tensor; readonly i: Tensor };
  const end = whileLoop(
    ({ state }: Walk) => any(less(standing(state, d).count, 1)),
    ({ state, acceptance, i }: Walk): Walk => {
      const tuning = { metric, stepSize: sizes.stepSize, goal: 1, doublings };
      const [moved, info] = stepNuts(gradient, random.fold(key, i), state, tuning);
      return { state: moved, acceptance: info.done.cast("f64").mul(info.acceptance).add(acceptance), i: i.add(1) };
    },
    { state: initNuts(gradient, from, { metric, doublings }), acceptance: zeros([n], "f64"), i: zeros([], "i32") },
  );
  return [standing(end.state, d).proposal.position, tuned(end.acceptance)];
}

/** 1 ... 2 steps - 1, each as likely: a set number may meet a period of the block. */
const jittered = (key: Tensor, steps: number): Tensor =>
  cast(
    random
      .uniform(key, [1], { dtype: "f64" })
      .mul(2 * steps - 1)
      .add(1)
      .squeeze(0),
    "i32",
  );

/** The tuning that the draws are made with. */
export const fixSweep = (tuning: SweepTuning): SweepTuning => tuning.map((own) => (own.sizes ? { sizes: fixStepSizes(own.sizes) } : own));
