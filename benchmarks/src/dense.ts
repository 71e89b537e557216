import { array, mean, type NdArray, program, relu, repeat, type Tensor, tree, valueAndGrad } from "@credence/tensor";
import type { Benchmark, PeerTiming, Seconds } from "./measurement.ts";
import { numbers } from "./options.ts";
import { jaxJs } from "./peers/jax-js.ts";
import { adam, type DenseProblem, problemData } from "./peers/problem.ts";
import { tensorflowJs } from "./peers/tfjs.ts";
import { pytorch } from "./pytorch.ts";
import { time } from "./timing.ts";

const problems: readonly DenseProblem[] = [
  { widths: [10, 50, 50, 10], batch: 200 },
  { widths: [64, 128, 128, 64], batch: 1000 },
];

type Layers<T> = readonly { readonly w: T; readonly b: T }[];

function loss(layers: Layers<Tensor>, x: Tensor, y: Tensor): Tensor {
  const out = layers.reduce((h, { w, b }, i) => (i < layers.length - 1 ? relu(h.matmul(w).add(b)) : h.matmul(w).add(b)), x);
  return mean(out.sub(y).square());
}

const steps = 100;

type State = { readonly layers: Layers<Tensor>; readonly m: Layers<Tensor>; readonly v: Layers<Tensor> };

/** A hundred steps of Adam as one program. */
function train(start: Layers<Tensor>, x: Tensor, y: Tensor): Layers<Tensor> {
  const { learningRate, beta1, beta2, epsilon } = adam;
  const map = (f: (...leaves: Tensor[]) => Tensor, ...trees: Layers<Tensor>[]) =>
    tree.map(f, trees[0]!, ...trees.slice(1)) as Layers<Tensor>;
  const step = ({ layers, m, v }: State, number: Tensor): State => {
    const [, gradient] = valueAndGrad(loss)(layers, x, y);
    const t = number.cast("f32").add(1);
    const unbias1 = t.mul(Math.log(beta1)).exp().neg().add(1);
    const unbias2 = t.mul(Math.log(beta2)).exp().neg().add(1);
    const m1 = map((a, g) => a!.mul(beta1).add(g!.mul(1 - beta1)), m, gradient);
    const v1 = map((a, g) => a!.mul(beta2).add(g!.square().mul(1 - beta2)), v, gradient);
    const move = (p: Tensor, a: Tensor, b: Tensor): Tensor =>
      p.sub(a.div(unbias1).mul(learningRate).div(b.div(unbias2).sqrt().add(epsilon)));
    return { layers: map(move as (...leaves: Tensor[]) => Tensor, layers, m1, v1), m: m1, v: v1 };
  };
  const zeros = map((p) => p!.mul(0), start);
  return repeat(steps, step, { layers: start, m: zeros, v: zeros }).layers;
}

async function credence(problem: DenseProblem, threads: number, seconds: number): Promise<Seconds> {
  const data = problemData(problem);
  const toArray = ({ shape, data: values }: { shape: readonly number[]; data: Float32Array }): NdArray => array(values, { shape });
  const layers = data.layers.map((layer) => ({ w: toArray({ shape: [layer.in, layer.out], data: layer.w }), b: array(layer.b) }));
  const run = program(train, { name: "dense training", threads });
  const [x, y] = [toArray(data.x), toArray(data.y)];
  return time(() => tree.map((a: NdArray) => a.dispose(), run(layers, x, y)), { seconds, unitsPerCall: steps });
}

/** A peer that throws becomes a row that says so. */
const attempt = (peer: string, timing: Promise<PeerTiming>): Promise<PeerTiming> =>
  timing.catch((error: Error) => ({ peer, threads: 1, note: error.message }));

export const dense: Benchmark = {
  summary: "one training step of a multilayer perceptron, against PyTorch, jax-js and TensorFlow.js",
  options: { threads: { type: "string", default: "1" }, seconds: { type: "string", default: "3" } },
  async run(options, emit) {
    const seconds = numbers(options, "seconds")[0]!;
    for (const [problem, threads] of problems.flatMap((p) => numbers(options, "threads").map((n) => [p, n] as const))) {
      const ours = await credence(problem, threads, seconds);
      const args = ["--widths", ...problem.widths.map(String), "--batch", String(problem.batch), "--budget", String(seconds)];
      const peers = [
        await pytorch("dense", args, threads),
        await attempt("jax-js", jaxJs(problem, seconds)),
        await attempt("TensorFlow.js", tensorflowJs(problem, seconds)),
      ];
      for (const peer of peers)
        emit({
          name: "dense step",
          size: `${problem.widths.join("-")}, batch ${problem.batch}`,
          device: "cpu",
          threads,
          seconds: ours,
          peer,
        });
    }
  },
};
