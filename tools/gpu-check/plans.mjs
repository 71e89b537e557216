// Exports the training plans that a GPU is measured with: for each flow, task and batch size, the plan and its inputs in a file
// (the format is in cuda/bench/dump.hpp), and plans.json, which lists them.
import { mkdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { adam, couplingSpline, maskedAutoregressive, packing } from "@credence/core";
import { program, random, repeat, take, tree, valueAndGrad } from "@credence/tensor";

const flows = { nsf: couplingSpline, maf: maskedAutoregressive };
const tasks = { two_moons: [2, 2], gaussian_linear: [10, 10] };
const rows = 20_000;
/** The first is compared with the CPU, the others are timed. */
const runs = [
  { name: "parity", batch: 40, steps: 3 },
  { name: "train", batch: 200, steps: 500 },
  { name: "train", batch: 16_384, steps: 50 },
];

/** Of the benchmarks' training step: a minibatch, forward, backward, gradient norm clipped to 5, Adam at 5e-4. */
function trainer(flow, batch, steps) {
  const optimiser = adam({ learningRate: 5e-4, clipNorm: 5 });
  const lossAndGradient = valueAndGrad((params, theta, x) => flow.logProb(params, theta, x).mean().neg());
  return (params, theta, x, key) => {
    const layout = packing(params);
    const step = (carry, number) => {
      const chosen = random.uniform(random.fold(key, number), [batch]).mul(rows).cast("i32");
      const [, gradient] = lossAndGradient(layout.unpack(carry.params), take(theta, chosen), take(x, chosen));
      const next = optimiser.step(carry.optimiser, carry.params, layout.pack(gradient));
      return { params: next.params, optimiser: next.state };
    };
    const start = layout.pack(params);
    return [repeat(steps, step, { params: start, optimiser: optimiser.init(start) }).params];
  };
}

function problem(flow, [dimension, context]) {
  let structure;
  const start = program(() => {
    const weights = tree.flatten(flow.init(random.key(0)));
    structure = weights.structure;
    const normal = (stream, width) => random.normal(random.key(stream), [rows, width]);
    return { leaves: weights.leaves, theta: normal(1, dimension), x: normal(2, context), key: random.key(3) };
  })();
  return [tree.unflatten(structure, start.leaves), start.theta, start.x, start.key];
}

/** The plan and the inputs that `work` would run last; it does not run them. */
function intercept(native, work) {
  const { compile, run } = native;
  const plans = new Map();
  let seen;
  native.compile = (device, plan) => {
    const executable = compile(device, plan);
    plans.set(executable, plan);
    return executable;
  };
  native.run = (executable, inputs) => {
    const bytes = inputs.map((buffer) => new Uint8Array(native.byteLength(buffer)));
    for (const [i, buffer] of inputs.entries()) native.read(buffer, 0, bytes[i]);
    seen = { words: plans.get(executable), inputs: bytes };
  };
  try {
    work();
  } finally {
    Object.assign(native, { compile, run });
  }
  return seen;
}

/** "CRDNDUMP", u32 words, u32 inputs, the words, each input as u64 bytes and its bytes. */
export function dumpOf({ words, inputs }) {
  const head = Buffer.alloc(16);
  head.write("CRDNDUMP", "latin1");
  head.writeUInt32LE(words.length, 8);
  head.writeUInt32LE(inputs.length, 12);
  const length = (bytes) => {
    const buffer = Buffer.alloc(8);
    buffer.writeBigUInt64LE(BigInt(bytes.length));
    return buffer;
  };
  return Buffer.concat([head, new Uint8Array(words.buffer, words.byteOffset, words.byteLength), ...inputs.flatMap((i) => [length(i), i])]);
}

export function exportPlans(folder) {
  const requireNative = createRequire(createRequire(import.meta.url).resolve("@credence/tensor"));
  const native = requireNative("@credence/native/credence.node");
  mkdirSync(folder, { recursive: true });
  const list = [];
  for (const [flow, make] of Object.entries(flows))
    for (const [task, dims] of Object.entries(tasks)) {
      const built = make({ dimension: dims[0], context: dims[1] });
      const args = problem(built, dims);
      for (const { name, batch, steps } of runs) {
        const train = program(trainer(built, batch, steps));
        const file = `${name}-${flow}-${task}-${batch}.plan`;
        writeFileSync(join(folder, file), dumpOf(intercept(native, () => train(...args))));
        list.push({ file, name: `${name} ${flow}`, size: `${task} (${dims.join(", ")}) batch ${batch}`, flow, dims, batch, steps });
      }
    }
  writeFileSync(join(folder, "plans.json"), `${JSON.stringify(list, null, 2)}\n`);
  return list;
}

if (process.argv[1] === import.meta.filename) {
  const [folder] = process.argv.slice(2);
  if (!folder) {
    console.error("node tools/gpu-check/plans.mjs FOLDER");
    process.exit(2);
  }
  for (const { file } of exportPlans(folder)) console.log(join(folder, file));
}
