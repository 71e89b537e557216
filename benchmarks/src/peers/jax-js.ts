// jax-js (https://jax-js.com): a JAX in JavaScript with kernels in WebAssembly. In Node it runs on one thread: it starts
// workers only where the browser's Worker is. Arguments are consumed on use, and `.ref` keeps one for another use.
import { init, jit, nn, numpy as np, tree, valueAndGrad } from "@jax-js/jax";
import type { PeerTiming } from "../measurement.ts";
import { time } from "../timing.ts";
import { adam, type DenseProblem, problemData } from "./problem.ts";

type Layers = { w: np.Array; b: np.Array }[];

function loss(layers: Layers, x: np.Array, y: np.Array): np.Array {
  let h = x;
  layers.forEach(({ w, b }, i) => {
    h = np.matmul(h, w).add(b);
    if (i < layers.length - 1) h = nn.relu(h);
  });
  return np.mean(np.square(h.sub(y)));
}

/** The whole step, Adam included, in one jit: the way jax-js is at its fastest. */
const step = jit((layers: Layers, m: Layers, v: Layers, t: np.Array, x: np.Array, y: np.Array) => {
  const { learningRate, beta1, beta2, epsilon } = adam;
  const [value, gradient] = valueAndGrad(loss)(tree.ref(layers), x, y);
  const m1 = tree.map((a: np.Array, g: np.Array) => a.mul(beta1).add(g.mul(1 - beta1)), m, tree.ref(gradient));
  const v1 = tree.map((a: np.Array, g: np.Array) => a.mul(beta2).add(np.square(g).mul(1 - beta2)), v, gradient);
  const unbias1 = np.subtract(1, np.exp(t.ref.mul(Math.log(beta1))));
  const unbias2 = np.subtract(1, np.exp(t.ref.mul(Math.log(beta2))));
  const moved = tree.map(
    (p: np.Array, a: np.Array, b: np.Array) =>
      p.sub(
        a
          .div(unbias1.ref)
          .mul(learningRate)
          .div(np.sqrt(b.div(unbias2.ref)).add(epsilon)),
      ),
    layers,
    tree.ref(m1),
    tree.ref(v1),
  );
  unbias1.dispose();
  unbias2.dispose();
  return [value, moved, m1, v1, t.add(1)] as [np.Array, Layers, Layers, Layers, np.Array];
});

export async function jaxJs(problem: DenseProblem, seconds: number): Promise<PeerTiming> {
  await init("wasm");
  const data = problemData(problem);
  const toArray = ({ shape, data: values }: { shape: readonly number[]; data: Float32Array<ArrayBuffer> }) =>
    np.array(values).reshape([...shape]);
  const x = toArray(data.x);
  const y = toArray(data.y);
  let layers: Layers = data.layers.map((layer) => ({ w: toArray({ shape: [layer.in, layer.out], data: layer.w }), b: np.array(layer.b) }));
  const zeros = (): Layers => tree.map((p: np.Array) => np.zerosLike(p), tree.ref(layers));
  let m = zeros();
  let v = zeros();
  let t = np.array(1);
  const train = async (): Promise<void> => {
    let value: np.Array;
    [value, layers, m, v, t] = step(layers, m, v, t, x.ref, y.ref);
    await value.data();
  };
  return { peer: "jax-js 0.1.25, Wasm", threads: 1, seconds: await time(train, { seconds }) };
}
