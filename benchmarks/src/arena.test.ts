// How much memory training programs take beside what is alive at once in them, computed from their encoded plans.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { adam, couplingSpline, type Flow, maskedAutoregressive, packing } from "@credence/core";
import { array, type NdArray, program, random, relu, repeat, type Tensor, type Tree, take, tree, valueAndGrad } from "@credence/tensor";
import { expect, test } from "vitest";

const root = fileURLToPath(new URL("../../", import.meta.url));
const addon = createRequire(import.meta.url)(`${root}native/build/Release/credence.node`) as {
  compile(device: string, plan: Uint32Array): unknown;
};

/** The plans that are compiled while `f` runs. */
function plansOf(f: () => void): Uint32Array[] {
  const plans: Uint32Array[] = [];
  const { compile } = addon;
  addon.compile = (device, plan) => {
    plans.push(plan.slice());
    return compile(device, plan);
  };
  try {
    f();
  } finally {
    addon.compile = compile;
  }
  return plans;
}

/** Inputs of each row operation, in the order of their codes. */
const rowInputs = [
  ...readFileSync(`${root}native/include/credence/row_ops.hpp`, "utf8").matchAll(/^ {2}X\(\w+, \w+, \w+, (\d+), \d+, \w+\)/gm),
].map((match) => Number(match[1]));

interface Touch {
  readonly slot: number;
  readonly write: boolean;
}
interface Node {
  readonly touches: readonly Touch[];
  readonly blocks: readonly (readonly Node[])[];
  readonly isLoop: boolean;
}

/** The instructions in words [at, end): what each touches, and what is nested in it. See native/include/credence/plan.hpp. */
function read(words: Uint32Array, at: number, end: number): Node[] {
  const nodes: Node[] = [];
  for (let next: number; at < end; at = next) {
    next = at + words[at + 1]!;
    const w = words.subarray(at + 2, next);
    const reads = (...slots: number[]): Touch[] => slots.map((slot) => ({ slot, write: false }));
    const writes = (slot: number): Touch => ({ slot, write: true });
    const leaf = (touches: readonly Touch[]): Node => ({ touches, blocks: [], isLoop: false });
    switch (words[at]) {
      case 1:
        break;
      case 2: {
        const [, rank, loads, , steps, stores] = w as unknown as [number, number, number, number, number, number];
        const view = (from: number) => (_: unknown, i: number) => w[from + i * (4 + rank) + 2]!;
        const firstStep = 6 + rank + loads * (4 + rank);
        const loaded = Array.from({ length: loads }, view(6 + rank));
        const stored = Array.from({ length: stores }, view(firstStep + steps * 6));
        nodes.push(leaf([...reads(...loaded), ...stored.map(writes)]));
        break;
      }
      case 3: {
        const input = 5 + w[3]! + w[4]!;
        nodes.push(leaf([...reads(w[input]!), writes(w[input + 2 + w[3]! + w[4]!]!)]));
        break;
      }
      case 4: {
        const [a, b, c, bias, accumulates] = [w[6]!, w[11]!, w[16]!, w[20]!, w[23]!];
        nodes.push(leaf([...reads(a, b), ...(bias === 0xffffffff ? [] : reads(bias)), ...(accumulates ? reads(c) : []), writes(c)]));
        break;
      }
      case 5: {
        const inputs = rowInputs[w[1]! - 1]!;
        nodes.push(leaf(Array.from({ length: w[3]! }, (_, i) => ({ slot: w[6 + 5 * i]!, write: i >= inputs }))));
        break;
      }
      case 6: {
        const body = at + 7 + w[3]!;
        nodes.push({ touches: [], blocks: [read(words, at + 7, body), read(words, body, body + w[4]!)], isLoop: true });
        if (w[0] === 1) nodes.push(leaf(reads(w[2]!)));
        break;
      }
      case 7: {
        const otherwise = at + 5 + w[1]!;
        nodes.push({
          touches: reads(w[0]!),
          blocks: [read(words, at + 5, otherwise), read(words, otherwise, otherwise + w[2]!)],
          isLoop: false,
        });
        break;
      }
      default:
        throw new Error(`instruction ${words[at]} at word ${at}`);
    }
  }
  return nodes;
}

/** The arena's size, and the most bytes of it that hold at one time something that is still to be read. */
function memoryOf(words: Uint32Array): { arena: number; peak: number } {
  const slot = (i: number): Uint32Array => words.subarray(16 + 8 * i, 24 + 8 * i);
  const baseOf = (i: number): number => (slot(i)[0] === 4 ? slot(i)[1]! : i);
  const codeStart = 16 + 8 * words[2]!;
  const lives = new Map<number, { first: number; last: number }>();
  let clock = 0;

  const walk = (nodes: readonly Node[]): void => {
    for (const { touches, blocks, isLoop } of nodes) {
      const now = clock++;
      for (const { slot: at } of touches) {
        const life = lives.get(baseOf(at));
        if (life) life.last = now;
        else lives.set(baseOf(at), { first: now, last: now });
      }
      const before = new Set(lives.keys());
      for (const block of blocks) walk(block);
      if (!isLoop) continue;
      const end = clock++;
      const seen = new Set<number>();
      for (const { slot: at, write } of flat(blocks)) {
        const base = baseOf(at);
        // Read in a turn before it is written there, or a slice of something longer: it lives from turn to turn.
        const carried = base !== at || (!write && !seen.has(base));
        if (write || carried) seen.add(base);
        if (!carried) continue;
        const life = lives.get(base)!;
        if (!before.has(base)) life.first = Math.min(life.first, now);
        life.last = end;
      }
    }
  };
  const flat = (blocks: Node["blocks"]): Touch[] => blocks.flat().flatMap((node) => [...node.touches, ...flat(node.blocks)]);
  walk(read(words, codeStart, codeStart + words[3]!));

  const changes = new Map<number, number>();
  const add = (at: number, bytes: number) => changes.set(at, (changes.get(at) ?? 0) + bytes);
  for (const [i, { first, last }] of lives) {
    const [kind, , , , bytes] = slot(i) as unknown as [number, number, number, number, number];
    if (kind !== 0) continue;
    add(first, bytes);
    add(last + 1, -bytes);
  }
  let alive = 0;
  let peak = 0;
  for (const [, change] of [...changes].sort(([a], [b]) => a - b)) {
    alive += change;
    peak = Math.max(peak, alive);
  }
  return { arena: words[4]! + words[5]! * 2 ** 32, peak };
}

type Params = readonly Tree<Tensor>[];
type LogProb = (params: Params, theta: Tensor, x: Tensor) => Tensor;

/** Ten steps of training on minibatches of 200, as posteriors train. */
const trainer = (logProb: LogProb) => (params: Params, theta: Tensor, x: Tensor, key: Tensor) => {
  const optimiser = adam<Tensor>({ learningRate: 5e-4, clipNorm: 5 });
  const loss = valueAndGrad((p: Params, t: Tensor, d: Tensor) => logProb(p, t, d).mean().neg());
  const layout = packing(params);
  const start = layout.pack(params);
  return repeat(
    10,
    (carry: { params: Tensor; optimiser: ReturnType<typeof optimiser.init> }, number: Tensor) => {
      const chosen = random.uniform(random.fold(key, number), [200]).mul(1000).cast("i32");
      const [, gradient] = loss(layout.unpack(carry.params), take(theta, chosen), take(x, chosen));
      const next = optimiser.step(carry.optimiser, carry.params, layout.pack(gradient));
      return { params: next.params, optimiser: next.state };
    },
    { params: start, optimiser: optimiser.init(start) },
  ).params;
};

const widths = [10, 50, 50, 50, 5];

/** A network whose output is the mean of a unit normal. */
const perceptron = {
  init: () =>
    widths.slice(1).map((out, i) => ({ w: random.normal(random.key(i), [widths[i]!, out]), b: random.normal(random.key(9), [out]) })),
  logProb: (params: Params, theta: Tensor, x: Tensor) => {
    const out = (params as readonly { w: Tensor; b: Tensor }[]).reduce((h, { w, b }, i) => {
      const next = h.matmul(w).add(b);
      return i < widths.length - 2 ? relu(next) : next;
    }, x);
    return theta.sub(out).square().sum(-1).mul(-0.5);
  },
};

const size = { dimension: 5, context: 10 } as const;
const numbers = (shape: readonly number[]): NdArray =>
  array(
    Float32Array.from({ length: shape.reduce((a, b) => a * b) }, (_, i) => ((i * 7919) % 997) / 997),
    { shape },
  );

test.each([
  ["a multilayer perceptron", perceptron as { init(key: Tensor): Tree<Tensor>; logProb: LogProb }],
  ["a neural spline flow", couplingSpline(size) as Flow<Params>],
  ["a masked autoregressive flow", maskedAutoregressive(size) as Flow<Params>],
])("training %s takes an arena at most 1.3 times what is alive at once", (_, model) => {
  let structure: tree.Structure | undefined;
  const leaves = program(() => {
    const flat = tree.flatten(model.init(random.key(0)) as Tree<Tensor>);
    structure = flat.structure;
    return flat.leaves;
  })() as readonly NdArray[];
  const run = program(trainer(model.logProb), { threads: 1 });
  const [words] = plansOf(() => run(tree.unflatten(structure!, leaves), numbers([1000, 5]), numbers([1000, 10]), new Uint32Array([1, 2])));
  const { arena, peak } = memoryOf(words!);
  expect(peak).toBeGreaterThan(0);
  expect(arena / peak, `an arena of ${arena} bytes, ${peak} alive at once`).toBeLessThanOrEqual(1.3);
});
