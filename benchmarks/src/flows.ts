// The networks that sbi trains by default, at its sizes: one training step, and ten thousand draws from a posterior.
import { type AdamState, adam, couplingSpline, type Flow, maskedAutoregressive, meanGradient, packing } from "@credence/core";
import { arange, type NdArray, program, random, repeat, scan, type Tensor, type Tree, take, tree, zeros } from "@credence/tensor";
import type { Benchmark } from "./measurement.ts";
import { count, numbers, words } from "./options.ts";
import { pytorch } from "./pytorch.ts";
import { time } from "./timing.ts";

/** Dimensions of parameters and data of three tasks of the simulation-based inference benchmark (Lueckmann et al. 2021). */
const tasks = { two_moons: [2, 2], slcp: [5, 8], gaussian_linear: [10, 10] } as const satisfies Record<string, readonly [number, number]>;

const kinds = { nsf: couplingSpline, maf: maskedAutoregressive } as const;

/** The ratios to eager PyTorch on one thread that the project promises. */
const bars = { nsf: 8, maf: 6, sample: 5 } as const;

const rows = 10_000;
const draws = 10_000;
const drawBlock = 500;

type Params = readonly Tree<Tensor>[];
type Batch = { readonly theta: Tensor; readonly x: Tensor };
type State = { readonly params: Tensor; readonly optimiser: AdamState<Tensor> };

/** `steps` of: gather a minibatch, forward, backward, clip the gradient norm to 5, Adam at 5e-4; one program. */
function trainer(flow: Flow<Params>, batch: number, steps: number) {
  const optimiser = adam<Tensor>({ learningRate: 5e-4, clipNorm: 5 });
  const lossAndGradient = meanGradient((params: Params, batch: Batch) => flow.logProb(params, batch.theta, batch.x).mean().neg());
  return (params: Params, theta: Tensor, x: Tensor, key: Tensor): Tensor[] => {
    const layout = packing(params);
    const step = (carry: State, number: Tensor): State => {
      const chosen = random.uniform(random.fold(key, number), [batch]).mul(rows).cast("i32");
      const [, gradient] = lossAndGradient(layout.unpack(carry.params), { theta: take(theta, chosen), x: take(x, chosen) });
      const next = optimiser.step(carry.optimiser, carry.params, layout.pack(gradient));
      return { params: next.params, optimiser: next.state };
    };
    const start = layout.pack(params);
    return [repeat(steps, step, { params: start, optimiser: optimiser.init(start) }).params];
  };
}

/** Weights as they start, and a training set whose values do not matter: time does not depend on them. */
function problem(flow: Flow<Params>, [dimension, context]: readonly [number, number]) {
  const normal = (stream: number, width: number): Tensor => random.normal(random.key(stream), [rows, width]);
  // The type of a tree's concrete counterpart has no end, and so the weights pass through as a list.
  let weights: ReturnType<typeof tree.flatten<Tensor>> | undefined;
  const start = program(() => {
    weights = tree.flatten(flow.init(random.key(0)) as Tree<Tensor>);
    return { leaves: weights.leaves, theta: normal(1, dimension), x: normal(2, context), key: random.key(3) };
  })();
  return { ...start, params: tree.unflatten(weights!.structure, start.leaves) };
}

const dispose = (arrays: readonly NdArray[]): void => {
  for (const array of arrays) array.dispose();
};

export const flows: Benchmark = {
  summary: "a training step and posterior draws of the flows sbi uses by default, against eager PyTorch",
  options: {
    tasks: { type: "string", default: Object.keys(tasks).join(",") },
    flows: { type: "string", default: Object.keys(kinds).join(",") },
    batches: { type: "string", default: "200,4096" },
    threads: { type: "string", default: "1,2" },
    seconds: { type: "string", default: "2" },
  },
  async run(options, emit) {
    const seconds = numbers(options, "seconds")[0]!;
    for (const threads of numbers(options, "threads"))
      for (const kind of words(options, "flows", kinds))
        for (const task of words(options, "tasks", tasks)) {
          const dims = tasks[task];
          const flow = kinds[kind]({ dimension: dims[0], context: dims[1] });
          const { params, theta, x, key } = problem(flow, dims);
          const peer = (what: string, more: readonly string[]) =>
            pytorch("flow", [what, "--flow", kind, "--dims", ...dims.map(String), "--budget", String(seconds), ...more], threads);
          const size = `${task} (${dims.join(", ")})`;
          for (const batch of numbers(options, "batches")) {
            const steps = count(20_000 / batch);
            const run = program(trainer(flow, batch, steps), { name: `train ${kind}`, threads });
            const ours = await time(() => dispose(run(params, theta, x, key)), { seconds, unitsPerCall: steps });
            const theirs = await peer("train", ["--batch", String(batch)]);
            const bar = batch === 200 && threads === 1 ? { bar: bars[kind] } : {};
            emit({ name: `train ${kind}`, size: `${size} batch ${batch}`, device: "cpu", threads, seconds: ours, peer: theirs, ...bar });
          }
          // Blocks of rows whose activations stay in the cache, as a posterior draws them.
          const sample = program(
            (p: Params, k: Tensor, all: Tensor) => {
              const context = all.slice([0, 0], [1, dims[1]]);
              const block = (carry: Tensor, i: Tensor): [Tensor, Tensor] => [carry, flow.sample(p, random.fold(k, i), context, drawBlock)];
              return scan(block, zeros([]), arange(draws / drawBlock))[1];
            },
            { threads },
          );
          const ours = await time(() => sample(params, key, x).dispose(), { seconds });
          const theirs = await peer("sample", ["--draws", String(draws)]);
          emit({
            name: `sample ${kind}`,
            size: `${size} ${draws} draws`,
            device: "cpu",
            threads,
            seconds: ours,
            peer: theirs,
            bar: bars.sample,
          });
        }
  },
};
