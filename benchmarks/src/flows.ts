// The networks that sbi trains by default, at its sizes: one training step, and ten thousand draws from a posterior.
import { adam, couplingSpline, type Flow, maskedAutoregressive } from "@credence/core";
import { mean, type NdArray, program, random, repeat, type Tensor, type Tree, take, tree, valueAndGrad } from "@credence/tensor";
import type { Benchmark } from "./measurement.ts";
import { count, numbers, words } from "./options.ts";
import { pytorch } from "./pytorch.ts";
import { time } from "./timing.ts";

/** Dimensions of parameters and data of three tasks of the simulation-based inference benchmark (Lueckmann et al. 2021). */
const tasks = { two_moons: [2, 2], slcp: [5, 8], gaussian_linear: [10, 10] } as const satisfies Record<string, readonly [number, number]>;

const kinds = { nsf: couplingSpline, maf: maskedAutoregressive } as const;

const rows = 10_000;
const draws = 10_000;

type Params = readonly Tree<Tensor>[];

/** `steps` of: gather a minibatch, forward, backward, clip the gradient norm to 5, Adam at 5e-4; one program. */
function trainer(flow: Flow<Params>, batch: number, steps: number) {
  const optimizer = adam<Params>({ learningRate: 5e-4, clipNorm: 5 });
  const loss = (params: Params, theta: Tensor, x: Tensor): Tensor => mean(flow.logProb(params, theta, x)).neg();
  return (params: Params, theta: Tensor, x: Tensor, key: Tensor): Params =>
    repeat(
      steps,
      (carry, step) => {
        const chosen = random.uniform(random.fold(key, step), [batch]).mul(rows).cast("i32");
        const [, gradient] = valueAndGrad(loss)(carry.params, take(theta, chosen), take(x, chosen));
        const next = optimizer.step(carry.state, carry.params, gradient);
        return { params: next.params, state: next.state };
      },
      { params, state: optimizer.init(params) },
    ).params;
}

function problem(kind: keyof typeof kinds, [dimension, context]: readonly [number, number], threads: number) {
  const flow = kinds[kind]({ dimension, context });
  const start = program(
    () => {
      const key = random.key(1);
      const normal = (stream: number, shape: readonly number[]): Tensor => random.normal(random.fold(key, stream), shape);
      return { params: flow.init(random.fold(key, 0)), theta: normal(1, [rows, dimension]), x: normal(2, [rows, context]), key };
    },
    { threads },
  )();
  return { flow, ...start };
}

const disposeAll = (arrays: Tree<NdArray>): void => {
  tree.map((array: NdArray) => array.dispose(), arrays);
};

export const flows: Benchmark = {
  summary: "a training step and posterior draws of the flows sbi uses by default, against eager PyTorch",
  options: {
    tasks: { type: "string", default: Object.keys(tasks).join(",") },
    flows: { type: "string", default: Object.keys(kinds).join(",") },
    batches: { type: "string", default: "200,4096" },
    threads: { type: "string", default: "1" },
    seconds: { type: "string", default: "4" },
  },
  async run(options, emit) {
    const seconds = numbers(options, "seconds")[0]!;
    for (const threads of numbers(options, "threads"))
      for (const kind of words(options, "flows", kinds))
        for (const task of words(options, "tasks", tasks)) {
          const dims = tasks[task];
          const { flow, params, theta, x, key } = problem(kind, dims, threads);
          const peer = (what: string, more: readonly string[]) =>
            pytorch("flow", [what, "--flow", kind, "--dims", ...dims.map(String), "--budget", String(seconds), ...more], threads);
          const size = `${task} (${dims.join(", ")})`;
          for (const batch of numbers(options, "batches")) {
            const steps = count(20_000 / batch);
            const run = program(trainer(flow, batch, steps), { name: `train ${kind}`, threads });
            const ours = await time(() => disposeAll(run(params, theta, x, key)), { seconds, unitsPerCall: steps });
            const theirs = await peer("train", ["--batch", String(batch)]);
            emit({ name: `train ${kind}`, size: `${size} batch ${batch}`, device: "cpu", threads, seconds: ours, peer: theirs });
          }
          const sample = program((p: Params, k: Tensor, all: Tensor) => flow.sample(p, k, all.slice([0, 0], [1, dims[1]]), draws), {
            threads,
          });
          const ours = await time(() => disposeAll(sample(params, key, x)), { seconds });
          const theirs = await peer("sample", ["--draws", String(draws)]);
          emit({ name: `sample ${kind}`, size: `${size} ${draws} draws`, device: "cpu", threads, seconds: ours, peer: theirs });
        }
  },
};
