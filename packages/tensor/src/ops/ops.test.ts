import { describe, expect, test } from "vitest";
import * as t from "../index.ts";
import { native } from "../native.ts";
import { allRules } from "../op.ts";
import type { Tensor } from "../tensor.ts";
import { binary, type Case, each, m, positive, unary, unit, v, x5, zip } from "./test/case.ts";
import { convolutions } from "./test/convolution.ts";
import { cumulations } from "./test/cumulative.ts";
import { transforms } from "./test/fft.ts";
import { fields } from "./test/gravity.ts";
import { factorisations } from "./test/linalg.ts";

/**
 * Every op of the table: its closed form, its tangent against central differences, its cotangent against its tangent
 * (<ct, J t> = <J^T ct, t>), its second derivative against differences of the first, and its batching rule against a loop.
 */

const f64 = (x: Tensor): Tensor => x.cast("f64");
const spline = { bins: 3, bound: 2 };
const knots = m([2, 8], 0.3, -0.2, 0.5, 0.1, 0.9, -0.4, 0.2, -0.6, -0.1, 0.4, 0.2, -0.8, 0.3, 0.6, 1.1, 0.5);

const cases: readonly Case[] = [
  unary("neg", t.neg, (x) => -x),
  unary("abs", t.abs, Math.abs),
  unary("sign", t.sign, Math.sign, x5, 0),
  unary("floor", t.floor, Math.floor, x5, 0),
  unary("ceil", t.ceil, Math.ceil, x5, 0),
  unary("round", t.round, (x) => (Math.abs(x % 1) === 0.5 ? 2 * Math.round(x / 2) : Math.round(x)), v(-1.7, -0.5, 0.5, 1.5, 2.6), 0),
  unary("exp", t.exp, Math.exp),
  unary("expm1", t.expm1, Math.expm1),
  unary("log", t.log, Math.log, positive),
  unary("log1p", t.log1p, Math.log1p, positive),
  unary("sqrt", t.sqrt, Math.sqrt, positive),
  unary("sin", t.sin, Math.sin),
  unary("cos", t.cos, Math.cos),
  unary("tanh", t.tanh, Math.tanh),
  unary("sigmoid", t.sigmoid, (x) => 1 / (1 + Math.exp(-x))),
  unary("softplus", t.softplus, (x) => Math.log1p(Math.exp(x))),
  unary("relu", t.relu, (x) => Math.max(x, 0)),
  // Reference values: scipy.special 1.10.
  {
    ops: ["erf"],
    f: t.erf,
    at: [x5],
    want: () => [-0.9837904585907746, -0.42839235504666845, 0.3286267594591274, 0.796908212422832, 0.9997639655834707],
  },
  {
    ops: ["erfinv"],
    f: t.erfinv,
    at: [unit],
    want: () => [-1.1630871536766743, -0.27246271472675443, 0.08885599049425769, 0.4769362762044699, 1.0179024648320276],
  },
  {
    ops: ["lgamma"],
    f: t.lgamma,
    at: [positive],
    want: () => [1.5240638224307845, 0.2608672465316665, -0.10817480950786049, 0.2846828704729192, 6.76729347938477],
    order: 2,
  },
  {
    ops: ["digamma"],
    f: t.digamma,
    at: [positive],
    want: () => [-5.289039896592189, -1.2200235536979347, -0.16919088886679962, 0.7031566406452432, 1.8880223866580463],
  },
  {
    ops: ["trigamma"],
    f: t.trigamma,
    at: [positive],
    want: () => [26.26737720542378, 2.8340491566946113, 1.1342534349966191, 0.4903577561002349, 0.15122758043907264],
  },
  unary("reciprocal", t.reciprocal, (x) => 1 / x),
  unary("square", t.square, (x) => x * x),
  unary(
    "isFinite",
    (x) => f64(t.isFinite(x)),
    (x) => Number(Number.isFinite(x)),
    x5,
    0,
  ),
  unary("cast", (x) => x.cast("f32").cast("f64"), Math.fround, v(-1.5, -0.5, 0.25, 1, 3), 0),
  binary("add", t.add, (a, b) => a + b),
  binary("sub", t.sub, (a, b) => a - b),
  binary("mul", t.mul, (a, b) => a * b),
  binary("div", t.div, (a, b) => a / b),
  binary("pow", t.pow, (a, b) => a ** b),
  binary("max", t.maximum, Math.max),
  binary("whenPositive", t.whenPositive, (a, b) => (a > 0 ? b : 0)),
  binary("min", t.minimum, Math.min),
  binary("rem", t.rem, (a, b) => a % b),
  binary(
    "lt",
    (a, b) => f64(t.less(a, b)),
    (a, b) => Number(a < b),
    undefined,
    0,
  ),
  binary(
    "le",
    (a, b) => f64(t.lessEqual(a, b)),
    (a, b) => Number(a <= b),
    undefined,
    0,
  ),
  binary(
    "eq",
    (a, b) => f64(t.equal(a, b)),
    (a, b) => Number(a === b),
    [v(1, 2, 3), v(1, 0, 3)],
    0,
  ),
  binary(
    "ne",
    (a, b) => f64(t.notEqual(a, b)),
    (a, b) => Number(a !== b),
    [v(1, 2, 3), v(1, 0, 3)],
    0,
  ),
  binary(
    "and",
    (a, b) => f64(t.logicalAnd(a.greater(0), b.greater(0))),
    (a, b) => Number(a > 0 && b > 0),
    undefined,
    0,
  ),
  binary(
    "or",
    (a, b) => f64(t.logicalOr(a.less(1), b.greater(0))),
    (a, b) => Number(a < 1 || b > 0),
    undefined,
    0,
  ),
  binary(
    "xor",
    (a, b) => f64(t.logicalXor(a.less(1), b.greater(0))),
    (a, b) => Number(a < 1 !== b > 0),
    undefined,
    0,
  ),
  unary(
    "logicalNot",
    (x) => f64(t.logicalNot(x.greater(0))),
    (x) => Number(x <= 0),
    x5,
    0,
  ),
  unary(
    "shiftLeft",
    (x) => f64(t.shiftLeft(x.cast("u32"), 3)),
    (x) => x * 8,
    v(1, 2, 5),
    0,
  ),
  unary(
    "shiftRight",
    (x) => f64(t.shiftRight(x.cast("u32"), 1)),
    (x) => x >> 1,
    v(1, 2, 5),
    0,
  ),
  {
    ops: ["where"],
    f: (a, b) => t.where(a.greater(b), a.mul(b), a.add(b)),
    at: [positive, x5],
    want: zip((a, b) => (a > b ? a * b : a + b)),
  },
  { ops: ["fill"], f: (x) => t.full([3], 2.5, "f64").mul(x), at: [v(1, 2, 3)], want: each((x) => 2.5 * x) },
  { ops: ["iota"], f: (x) => t.iota([2, 3], 1, "f64").add(x), at: [m([2, 1], 10, 20)], want: () => [10, 11, 12, 20, 21, 22] },
  { ops: ["constant"], f: (x) => x.mul(t.constant([1, 2, 3], "f64")), at: [v(4, 5, 6)], want: () => [4, 10, 18] },
  {
    ops: ["reshape", "transpose"],
    f: (x) => x.reshape([3, 2]).T.mul(x),
    at: [m([2, 3], 1, 2, 3, 4, 5, 6)],
    want: () => [1, 6, 15, 8, 20, 36],
  },
  {
    ops: ["broadcast"],
    f: (x) => x.broadcastTo([2, 2, 3]).mul(t.iota([2, 2, 3], 1, "f64").add(1)),
    at: [m([2, 1], 3, 4)],
    want: () => [3, 3, 3, 8, 8, 8, 3, 3, 3, 8, 8, 8],
  },
  {
    ops: ["slice"],
    f: (x) => t.slice(x, [4, 0], [0, 2], [-2, 1]).mul(2),
    at: [m([5, 2], 0, 1, 2, 3, 4, 5, 6, 7, 8, 9)],
    want: () => [16, 18, 8, 10],
  },
  { ops: ["pad"], f: (x) => t.square(t.pad(x, [[1, 2]], 3)), at: [v(1, 2)], want: () => [9, 1, 4, 9, 9] },
  {
    ops: ["concat"],
    f: (a, b) => t.square(t.concat([a, b, a], 1)),
    at: [m([2, 1], 1, 2), m([2, 2], 3, 4, 5, 6)],
    want: () => [1, 9, 16, 1, 4, 25, 36, 4],
  },
  { ops: ["stopGradient"], f: (x) => t.stopGradient(x).mul(2), at: [x5], want: each((x) => 2 * x), order: 0 },
  {
    ops: ["alias"],
    f: (x) => t.grad((y: Tensor) => t.sum(y.mul(y).mul(y)))(x) as unknown as Tensor,
    at: [x5],
    want: each((x) => 3 * x * x),
    order: 2,
  },
  { ops: ["reduce"], f: (x) => t.sum(t.square(x), 0), at: [m([2, 3], 1, 2, 3, 4, 5, 6)], want: () => [17, 29, 45] },
  { ops: ["reduce"], f: (x) => t.prod(x, [0, 2]), at: [m([2, 2, 2], 1, 2, 3, 0, 4, -1, 6, 0)], want: () => [-8, 0] },
  { ops: ["reduce"], f: (x) => t.max(x, [0, 2]), at: [m([2, 2, 2], 1, 2, 3, 4, 5, 0, 7, 6)], want: () => [5, 7] },
  { ops: ["reduce"], f: (x) => t.min(x), at: [x5], want: () => [-1.7] },
  { ops: ["reduce"], f: (x) => f64(t.all(x.greater(0), 1)), at: [m([2, 2], 1, 2, 3, -1)], want: () => [1, 0], order: 0 },
  { ops: ["reduce"], f: (x) => f64(t.any(x.less(0), 1)), at: [m([2, 2], 1, 2, 3, -1)], want: () => [0, 1], order: 0 },
  { ops: ["arg"], f: (x) => f64(t.argmax(x, 1)), at: [m([2, 3], 1, 5, 5, -4, -5, -6)], want: () => [1, 0], order: 0 },
  { ops: ["arg"], f: (x) => f64(t.argmin(x, 0)), at: [m([2, 3], 1, 5, 5, -4, -5, 6)], want: () => [1, 1, 0], order: 0 },
  {
    ops: ["matmul"],
    f: (a, b) => a.matmul(b),
    at: [m([2, 3], 1, 2, 3, 4, 5, 6), m([3, 2], 1, -1, 0.5, 2, 0, 3)],
    want: () => [2, 12, 6.5, 24],
  },
  {
    ops: ["matmul"],
    f: (a, b) => t.matmul(a, t.transpose(b, [0, 2, 1])),
    at: [m([2, 1, 2], 1, 2, 3, 4), m([2, 3, 2], 1, 0, 0, 1, 1, 1, 2, 0, 0, 2, 2, 2)],
    want: () => [1, 2, 3, 6, 8, 14],
  },
  { ops: ["gather"], f: (x) => t.take(x, t.constant([2, 0, 2], "i32")), at: [m([3, 2], 1, 2, 3, 4, 5, 6)], want: () => [5, 6, 1, 2, 5, 6] },
  {
    ops: ["gather"],
    f: (x) =>
      t.takeAlong(
        x,
        t.constant(
          [
            [1, 0],
            [2, 2],
          ],
          "i32",
        ),
        1,
      ),
    at: [m([2, 3], 1, 2, 3, 4, 5, 6)],
    want: () => [2, 1, 6, 6],
  },
  {
    ops: ["scatterAdd"],
    f: (x) => t.scatterAdd(3, t.constant([2, 0, 2], "i32"), x),
    at: [m([3, 2], 1, 2, 3, 4, 5, 6)],
    want: () => [3, 4, 0, 0, 6, 8],
  },
  { ops: ["sort"], f: (x) => t.sort(x)[0], at: [m([2, 3], 3, 1, 2, -1, -3, 5)], want: () => [1, 2, 3, -3, -1, 5] },
  { ops: ["rationalQuadratic"], f: (x, p) => t.stack(t.rationalQuadratic(x, p, spline)), at: [v(-0.7, 1.2), knots] },
  { ops: ["rationalQuadratic"], f: (x, p) => t.stack(t.rationalQuadratic(x, p, { ...spline, inverse: true })), at: [v(-0.7, 1.2), knots] },
  {
    ops: ["rationalQuadraticReverse"],
    f: (x, p) => t.grad((y: Tensor) => t.sum(t.add(...(t.rationalQuadratic(y, p, spline) as [Tensor, Tensor]))))(x) as unknown as Tensor,
    at: [v(-0.7, 1.2), knots],
    order: 1,
  },
  {
    ops: ["scan"],
    f: (x) => t.scan((c: Tensor, xi: Tensor) => [c.mul(xi).add(1), t.tanh(c)] as const, t.ones([2], "f64"), x)[1],
    at: [m([3, 2], 0.5, 1, -1, 2, 0.3, 0.7)],
  },
  {
    ops: ["while"],
    f: (x) =>
      t.whileLoop(
        (s: Tensor) => t.max(s).less(20),
        (s: Tensor) => s.mul(s).add(1),
        x,
      ),
    at: [v(0.5, 1.5)],
    order: 0,
  },
  {
    ops: ["cond"],
    f: (x) =>
      t.cond(
        t.sum(x).greater(0),
        () => t.exp(x),
        () => x.mul(3),
      ),
    at: [v(0.5, 1.5)],
    want: each(Math.exp),
  },
  ...cumulations,
  ...factorisations,
  ...transforms,
  ...convolutions,
  ...fields,
];

/** Row operations, which are compiled for each type. */
const inBothTypes = new Set([...cumulations, ...factorisations, ...transforms, ...convolutions]);

/** Statistical ops have tests of their own, against distributions. */
const elsewhere = [
  "randomBits",
  "randomUniform",
  "randomNormal",
  "randomGamma",
  "randomPoisson",
  "randomBinomial",
  "randomFold",
  "permutation",
  "birthDeathStep",
  "birthDeathEvents",
  "birthDeathLogTransition",
  "nutsLeaf",
];

test("every op of the table has a case here or a statistical test of its own", () => {
  const covered = new Set([...cases.flatMap((c) => c.ops), ...elsewhere]);
  expect(
    allRules()
      .map((r) => r.name)
      .filter((name) => !covered.has(name)),
  ).toEqual([]);
});

test("the table and the native binary hold the same steps and row operations", () => {
  const named = (kind: string): string[] => allRules().flatMap((r) => (r.kind === kind ? [r.name] : []));
  const { steps, rows } = native().opcodes();
  expect(named("elementwise").concat("constant").sort()).toEqual(Object.keys(steps).sort()); // "constant" is how a cluster holds a fill
  expect(named("rows").sort()).toEqual(Object.keys(rows).sort());
});

const arrays = (at: Case["at"], shift = 0): t.NdArray[] =>
  at.map(({ data, shape }, k) =>
    t.array(
      Float64Array.from(data, (d, i) => d + shift * direction(k, i)),
      { shape },
    ),
  );
/** A fixed direction without symmetry. */
const direction = (k: number, i: number): number => Math.sin(1.3 * i + 2.1 * k + 0.7);
const tangents = (at: Case["at"]): t.NdArray[] =>
  at.map(({ data, shape }, k) =>
    t.array(
      Float64Array.from(data, (_, i) => direction(k, i)),
      { shape },
    ),
  );
const close = (got: ArrayLike<number>, want: ArrayLike<number>, tolerance: number): void => {
  expect(got.length).toBe(want.length);
  for (let i = 0; i < want.length; i++) {
    if (Number.isNaN(want[i]!)) expect(got[i]).toBeNaN();
    else if (!Number.isFinite(want[i]!)) expect(got[i]).toBe(want[i]);
    else
      expect(Math.abs(got[i]! - want[i]!), `element ${i}: ${got[i]} against ${want[i]}`).toBeLessThanOrEqual(
        tolerance * Math.max(1, Math.abs(want[i]!)),
      );
  }
};

describe.each(cases.map((c, i) => ({ name: `${c.ops.join(", ")} (case ${i})`, c })))("$name", ({ c }) => {
  const f = t.program(c.f);
  if (c.want) test("equals its closed form", () => close(f(...arrays(c.at)).data(), c.want!(...c.at.map((a) => [...a.data])), 1e-12));

  if ((c.order ?? 2) >= 1)
    test("has the tangent of central differences", () => {
      const h = 1e-5;
      const plus = f(...arrays(c.at, h)).data();
      const minus = f(...arrays(c.at, -h)).data();
      const push = t.program((x: Tensor[], dx: Tensor[]) => t.jvp(c.f as never, x, dx)[1] as unknown as Tensor);
      // Differences of step h err by h^2 times a third derivative: 1e-10 times a few hundred.
      close(push(arrays(c.at), tangents(c.at)).data(), plus.map((p, i) => (p - minus[i]!) / (2 * h)) as Float64Array, 1e-7);
    });

  if ((c.order ?? 2) >= 1)
    test("has a cotangent that is the transpose of its tangent", () => {
      const both = t.program((x: Tensor[], dx: Tensor[]) => {
        const out = t.jvp(c.f as never, x, dx)[1] as unknown as Tensor;
        const ct = t.cos(t.iota([out.size], 0, "f64")).reshape(out.shape);
        const [, pull] = t.vjp(c.f as never, ...(x as never[]));
        const back = pull(ct) as Tensor[];
        return [t.sum(out.mul(ct)), back.map((b, i) => t.sum(b.mul(dx[i]!))).reduce((a, b) => a.add(b))];
      });
      const [left, right] = both(arrays(c.at), tangents(c.at));
      close([right!.item()], [left!.item()], 1e-10);
    });

  if ((c.order ?? 2) >= 2)
    test("has the second derivative of central differences", () => {
      const h = 1e-5;
      const weighted = (...x: Tensor[]): Tensor => {
        const y = c.f(...x);
        return t.sum(t.square(y).add(y));
      };
      const first = (x: Tensor[]): Tensor[] => {
        const [, pull] = t.vjp(weighted as never, ...(x as never[]));
        return pull(1) as Tensor[];
      };
      const gradient = t.program(first);
      const second = t.program(
        (x: Tensor[], dx: Tensor[]) => t.jvp(((...y: Tensor[]) => first(y)) as never, x, dx)[1] as unknown as Tensor[],
      );
      const plus = gradient(arrays(c.at, h));
      const minus = gradient(arrays(c.at, -h));
      second(arrays(c.at), tangents(c.at)).forEach((s, k) => {
        const [p, q] = [plus[k]!.data(), minus[k]!.data()];
        close(s.data(), p.map((pi, i) => (pi - q[i]!) / (2 * h)) as Float64Array, 1e-5);
      });
    });

  if (inBothTypes.has(c))
    test("gives the same numbers in f32, to its accuracy", () => {
      const wide = f(...arrays(c.at)).data();
      const narrow = f(...c.at.map(({ data, shape }) => t.array(Float32Array.from(data), { shape })));
      expect(narrow.dtype).toBe("f32");
      const largest = (wide as Float64Array).reduce((a: number, b) => Math.max(a, Math.abs(b)), 1);
      // 2^-24 times a condition number below 30, over sums of a few dozen terms.
      close(
        [...narrow.data()].map((x) => x / largest),
        [...wide].map((x) => x / largest),
        1e-4,
      );
    });

  test("runs over a batch as over its members", () => {
    const members = [0, 0.01, -0.02].map((shift) => arrays(c.at, (c.order ?? 2) >= 1 ? shift : 0));
    const alone = members.map((a) => [...f(...a).data()]);
    const stacked = c.at.map((_, k) =>
      t.array(Float64Array.from(members.flatMap((a) => [...a[k]!.data()])), { shape: [3, ...c.at[k]!.shape] }),
    );
    const batched = t.program((...x: Tensor[]) => t.vmap(c.f)(...x) as Tensor)(...stacked);
    close(batched.data(), alone.flat(), 1e-12);
  });
});
