// TensorFlow.js on its WebAssembly backend. It finds no Worker in Node either, so it runs on one thread.
import { createRequire, register } from "node:module";
import type * as tfjs from "@tensorflow/tfjs-core";
import type { PeerTiming } from "../measurement.ts";
import { time } from "../timing.ts";
import { adam, type DenseProblem, problemData } from "./problem.ts";

const require = createRequire(import.meta.url);

/** tfjs-core ships its derivatives as ES modules whose imports lack extensions; Node finds them with this. */
const completeExtensions = `export async function resolve(specifier, context, next) {
  const bare = specifier.startsWith(".") && !specifier.endsWith(".js") && context.parentURL?.includes("/@tensorflow/");
  return next(bare ? specifier + ".js" : specifier, context).catch((error) => {
    if (!bare) throw error;
    return next(specifier + "/index.js", context);
  });
}`;

async function load(): Promise<typeof tfjs> {
  const tf = require("@tensorflow/tfjs-core") as typeof tfjs;
  require("@tensorflow/tfjs-backend-wasm");
  register(`data:text/javascript,${encodeURIComponent(completeExtensions)}`);
  await import("@tensorflow/tfjs-core/dist/register_all_gradients.js");
  if (!(await tf.setBackend("wasm"))) throw new Error("TensorFlow.js refused its wasm backend");
  return tf;
}

export async function tensorflowJs(problem: DenseProblem, seconds: number): Promise<PeerTiming> {
  const tf = await load();
  const data = problemData(problem);
  const x = tf.tensor(data.x.data, [...data.x.shape]);
  const y = tf.tensor(data.y.data, [...data.y.shape]);
  const layers = data.layers.map((layer) => ({
    w: tf.variable(tf.tensor2d(layer.w, [layer.in, layer.out])),
    b: tf.variable(tf.tensor1d(layer.b)),
  }));
  const optimizer = tf.train.adam(adam.learningRate, adam.beta1, adam.beta2, adam.epsilon);
  const loss = () => {
    let h: tfjs.Tensor = x;
    layers.forEach(({ w, b }, i) => {
      h = tf.add(tf.matMul(h as tfjs.Tensor2D, w as tfjs.Tensor2D), b);
      if (i < layers.length - 1) h = tf.relu(h);
    });
    return tf.mean(tf.square(tf.sub(h, y))) as tfjs.Scalar;
  };
  const train = (): void => {
    const value = optimizer.minimize(loss, true);
    value?.dataSync();
    value?.dispose();
  };
  return { peer: `TensorFlow.js ${tf.version_core}, Wasm`, threads: 1, seconds: await time(train, { seconds }) };
}
