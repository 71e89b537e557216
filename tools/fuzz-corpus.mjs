// Writes native/test/corpus/*.plan: real plans, as TypeScript encodes them, that have every instruction, step, monoid and row
// operation. npm run fuzz damages them. Run it when an op is added: npm run fuzz -- --corpus
import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { adam, couplingSpline, maskedAutoregressive, packing } from "../packages/core/dist/index.js";
import * as t from "../packages/tensor/dist/index.js";
import { native } from "../packages/tensor/dist/native.js";

const folder = join(dirname(fileURLToPath(import.meta.url)), "..", "native", "test", "corpus");
const { random } = t;

/** Positive numbers below 1, all different. */
const numbers = (shape, dtype = "f32") => {
  const size = shape.reduce((product, extent) => product * extent, 1);
  return t.array(
    Array.from({ length: size }, (_, i) => (dtype === "bool" ? i % 3 === 0 : dtype[0] === "f" ? ((i * 7919 + 13) % 997) / 997 : i % 4)),
    { dtype, shape },
  );
};

/** Everything in `values` that `f` makes without an error: an op refuses the types that it is not defined for. */
const each = (functions, ...args) =>
  functions.flatMap((f) => {
    try {
      return [f(...args)];
    } catch (error) {
      if (error instanceof t.DTypeError || error instanceof t.ShapeError) return [];
      throw error;
    }
  });

const named = new Map(Object.entries(t));
const names = (list) => list.split(" ").map((name) => named.get(name));
const signed = names("abs sign relu");
const functions = names(
  "neg floor ceil round exp expm1 log log1p sqrt sin cos tanh sigmoid softplus erf erfinv lgamma digamma trigamma reciprocal square isFinite logicalNot",
);
functions.push((x) => t.polygamma(3, x));
const binary = names(
  "add sub mul div pow maximum minimum whenPositive rem less lessEqual equal notEqual logicalAnd logicalOr logicalXor shiftLeft shiftRight",
);
const reductions = names("sum prod max min all any argmax argmin");
const dtypes = ["f32", "f64", "i32", "u32", "bool"];

/** One step of training with Adam as a program of its loss. */
const trainer = (logProb, steps) => (params, x, y, key) => {
  const layout = packing(params);
  const optimiser = adam({ learningRate: 1e-3, clipNorm: 5 });
  const loss = t.valueAndGrad((p, a, b) => logProb(p, a, b).mean().neg());
  const step = (carry, number) => {
    const chosen = random.uniform(random.fold(key, number), [8]).mul(16).cast("i32");
    const [, gradient] = loss(layout.unpack(carry.params), t.take(x, chosen), t.take(y, chosen));
    const next = optimiser.step(carry.optimiser, carry.params, layout.pack(gradient));
    return { params: next.params, optimiser: next.state };
  };
  const start = layout.pack(params);
  return t.repeat(steps, step, { params: start, optimiser: optimiser.init(start) }).params;
};

function flowTraining(flow) {
  let weights;
  const leaves = t.program(() => {
    weights = t.tree.flatten(flow.init(random.key(0)));
    return weights.leaves;
  })();
  return [trainer(flow.logProb, 2), [t.tree.unflatten(weights.structure, leaves), numbers([16, 3]), numbers([16, 2]), numbers([2], "u32")]];
}

const size = { dimension: 3, context: 2, hidden: 6, transforms: 2 };
const key = () => random.key(7);
const spline = { bins: 3, bound: 2 };

/** Programs and their arguments. */
const programs = {
  ...Object.fromEntries(
    dtypes.flatMap((dtype) => [
      [`unary-${dtype}`, [(x) => each(dtype === "u32" ? functions : [...functions, ...signed], x), [numbers([5, 7], dtype)]]],
      [`binary-${dtype}`, [(x, y) => each(binary, x, y), [numbers([5, 7], dtype), numbers([7], dtype)]]],
      [
        `reduce-${dtype}`,
        [(x) => [0, 1, -1].flatMap((axis) => each(dtype === "bool" ? names("all any") : reductions, x, axis)), [numbers([3, 5, 4], dtype)]],
      ],
      [`cast-${dtype}`, [(x) => dtypes.map((to) => x.cast(to)), [numbers([33], dtype)]]],
    ]),
  ),
  where: [
    (c, x, y) => [t.where(c, x, y), t.where(c, t.iota([6, 5], 1).cast("f32"), y)],
    [numbers([6, 5], "bool"), numbers([5]), numbers([6, 5])],
  ],
  views: [
    (x) => [
      x.transpose([1, 0]).slice([1, 0], [4, 3]).add(1),
      t.flip(x, 0).mul(t.iota([4, 6], 0).cast("f32")),
      t.concat([x, x.neg()], 1),
      t.pad(
        x,
        [
          [1, 2],
          [0, 3],
        ],
        0.5,
      ),
      t.broadcastTo(x, [2, 4, 6]).square(),
    ],
    [numbers([4, 6])],
  ],
  layers: [
    (x, w, b) => [t.relu(x.matmul(w).add(b)), t.tanh(x.matmul(w)), t.matmul(t.matrixTranspose(x), x), t.outer(b, b)],
    [numbers([9, 5]), numbers([5, 6]), numbers([6])],
  ],
  "layer-gradient": [(x, w) => t.grad((m) => t.relu(x.matmul(m)).sum())(w), [numbers([9, 5]), numbers([5, 6])]],
  "products-of-batches": [
    (x, y) => [
      x.matmul(y),
      x
        .matmul(y)
        .cast("f64")
        .matmul(t.ones([3, 2]).cast("f64")),
    ],
    [numbers([4, 2, 5]), numbers([4, 5, 3])],
  ],
  "second-derivative": [
    (x, w) => t.grad((v, m) => t.jvp((a) => t.tanh(a.matmul(m)).square().sum(), [v], [t.onesLike(v)])[1])(x, w),
    [numbers([6, 4]), numbers([4, 4])],
  ],
  "scan-forwards-and-backwards": [
    (x, w) => t.grad((m, xs) => t.scan((h, row) => [t.tanh(h.matmul(m).add(row)), h.sum()], t.zeros([1, 4]), xs)[1].sum())(w, x),
    [numbers([5, 1, 4]), numbers([4, 4])],
  ],
  "nested-loops": [(x) => t.repeat(3, (a, i) => t.repeat(2, (b) => b.mul(0.5).add(i.cast("f32")), a), x), [numbers([10])]],
  "map-of-a-loop": [
    (x, w) => t.map((row) => t.repeat(2, (h) => t.tanh(h.matmul(w)), row).sum(1), x),
    [numbers([9, 1, 4]), numbers([4, 4])],
  ],
  while: [
    (x) =>
      t.whileLoop(
        (v) => t.less(v.sum(), 1000),
        (v) => v.mul(2),
        x,
      ),
    [numbers([6])],
  ],
  cond: [
    (p, x) =>
      t.repeat(
        4,
        (v) =>
          t.cond(
            p,
            (a) => a.add(1),
            (a) => a.neg(),
            v,
          ),
        x,
      ),
    [numbers([], "bool"), numbers([6])],
  ],
  random: [
    (shape, rate) => [
      random.bits(key(), [9]),
      random.uniform(key(), [4, 5]),
      random.normal(key(), [7], { dtype: "f64" }),
      random.gamma(key(), shape),
      random.poisson(key(), rate),
      random.binomial(key(), rate, shape),
      random.split(key(), 3),
      random.permutation(key(), 11),
      random.categorical(key(), shape),
    ],
    [numbers([8]), numbers([8])],
  ],
  spline: [
    (x, p) => [...t.rationalQuadratic(x, p, spline), ...t.rationalQuadratic(x, p, { ...spline, inverse: true })],
    [numbers([5, 2]), numbers([5, 2, 8])],
  ],
  "spline-gradient": [(x, p) => t.grad((q) => t.rationalQuadratic(x, q, spline)[0].sum())(p), [numbers([5, 2]), numbers([5, 2, 8])]],
  "linear-algebra": [
    (a, b) => {
      const l = t.cholesky(a.matmul(t.matrixTranspose(a)).add(t.eye(4)));
      return [l, t.triangularSolve(l, b), t.triangularSolve(l, b, { transpose: true }), t.logDeterminantTriangular(l)];
    },
    [numbers([3, 4, 4]), numbers([3, 4, 2])],
  ],
  indexing: [
    (x, i) => [...t.sort(x), t.cumsum(x, 0), t.take(x, i), t.takeAlong(x, t.argsort(x)), t.scatterAdd(6, i, x), t.oneHot(i, 4)],
    [numbers([5, 6]), numbers([5], "i32")],
  ],
  "birth-and-death": [
    (n, rate) => [
      t.birthDeathStep(key(), n, rate, rate, rate, rate),
      t.birthDeathLogTransition(n, n, rate, rate, rate, rate),
      ...Object.values(t.birthDeathEvents(key(), n, t.array([0.5, 1]), t.stack([rate, rate, rate], 1), { maxEvents: 20 })),
    ],
    [numbers([6]), numbers([6])],
  ],
  "leaves-of-nuts": [
    (position, momentum) =>
      t.scan(
        (state, i) => {
          const force = t.nutsVector(state, "position", 3).neg();
          const at = { position: t.nutsVector(state, "position", 3).add(0.1), momentum, force, logDensity: force.square().sum(-1) };
          const next = t.nutsLeaf(state, random.fold(key(), i), 9, at, 4);
          return [next, t.nutsScalar(next, "count")];
        },
        t.nutsAtRest({ position, force: position.neg(), logDensity: position.square().sum(-1) }, 4),
        t.arange(6),
      ),
    [numbers([5, 3], "f64"), numbers([5, 3], "f64")],
  ],
  fourier: [
    (x, y) => [
      ...t.fft([x, y]),
      ...t.ifft([x, y], 0),
      ...t.rfft(x),
      t.irfft(t.rfft(x), -1, { length: 6 }),
      ...t.fft([t.stack([x, x, x]), t.stack([y, y, y])], 0),
      ...t.rfft2(y),
    ],
    [numbers([7, 6]), numbers([7, 6])],
  ],
  "linear-systems": [
    (a, b) => {
      const m = a.add(t.eye(4));
      return [
        t.solve(m, b),
        t.inverse(m),
        t.logDeterminant(m),
        ...t.signedLogDeterminant(m),
        ...t.eigenSymmetric(m.add(t.matrixTranspose(m))),
      ];
    },
    [numbers([3, 4, 4]), numbers([3, 4, 2])],
  ],
  convolution: [
    (x, w) => [t.convolution2d(x, w, { padding: 1, stride: 2 }), t.maxPool2d(x, 2), t.averagePool2d(x, 2)],
    [numbers([2, 3, 6, 5]), numbers([4, 3, 3, 3])],
  ],
  "convolution-gradient": [
    (x, w) => t.grad((m) => t.convolution2d(x, m, { padding: "same" }).sum())(w),
    [numbers([2, 3, 6, 5]), numbers([4, 3, 3, 3])],
  ],
  "convolution-gradient-of-input": [
    (x, w) => t.grad((m) => t.convolution2d(m, w, { padding: "same" }).sum())(x),
    [numbers([2, 3, 6, 5]), numbers([4, 3, 3, 3])],
  ],
  recurrences: [
    (x, y) => [t.linearRecurrence(x, y), t.cumprod(x, 0), t.linearRecurrence(x, y, 0, { reverse: true })],
    [numbers([5, 6]), numbers([5, 6])],
  ],
  "gravity-of-bodies": [
    (places, prisms, x) => [
      t.prismField(places, prisms, { derivative: "z" }),
      t.prismField(places, prisms, { derivative: "none", dtype: "f32" }),
      t.meshField(places, { x, y: x, z: x }, { derivative: "xy" }),
      t.grad((s) => t.prismField(places, s, { derivative: "z" }).sum())(prisms),
    ],
    [numbers([4, 3], "f64"), numbers([5, 6], "f64"), numbers([4], "f64")],
  ],
  "training-spline-flow": flowTraining(couplingSpline({ ...size, bins: 3 })),
  "training-masked-flow": flowTraining(maskedAutoregressive(size)),
};

const captured = [];
const door = native();
const { compile } = door;
door.compile = (device, plan) => {
  captured.push(plan.slice());
  return compile(device, plan);
};

mkdirSync(folder, { recursive: true });
for (const name of readdirSync(folder)) rmSync(join(folder, name));
for (const [name, [f, args]] of Object.entries(programs)) {
  captured.length = 0;
  t.program(f, { name, threads: 1 })(...args);
  if (captured.length !== 1) throw new Error(`${name}: expected one plan, got ${captured.length}`);
  writeFileSync(join(folder, `${name}.plan`), captured[0]);
}
console.log(`${Object.keys(programs).length} plans in ${folder}`);
