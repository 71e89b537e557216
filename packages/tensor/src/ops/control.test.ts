import { describe, expect, test } from "vitest";
import * as t from "../index.ts";
import type { Tensor } from "../tensor.ts";

const f64 = (...data: number[]): t.NdArray => t.array(Float64Array.from(data));
const close = (got: ArrayLike<number>, want: ArrayLike<number>, tolerance = 1e-12): void => {
  expect(got.length).toBe(want.length);
  for (let i = 0; i < want.length; i++)
    expect(Math.abs(got[i]! - want[i]!)).toBeLessThanOrEqual(tolerance * Math.max(1, Math.abs(want[i]!)));
};

/** A recurrent net of four steps, as a scan and written out. */
const cell = (w: Tensor, h: Tensor, x: Tensor): Tensor => t.tanh(h.matmul(w).add(x));
const looped = (w: Tensor, xs: Tensor): Tensor =>
  t
    .scan((h: Tensor, x: Tensor) => [cell(w, h, x), h.mul(x)] as const, t.zeros([3], "f64"), xs)
    .map((y) => t.sum(t.square(y)))
    .reduce((a, b) => a.add(b));
const unrolled = (w: Tensor, xs: Tensor): Tensor => {
  let h = t.zeros([3], "f64");
  let total = t.zeros([], "f64");
  for (let i = 0; i < 4; i++) {
    const x = xs.index(i);
    total = total.add(t.sum(t.square(h.mul(x))));
    h = cell(w, h, x);
  }
  return total.add(t.sum(t.square(h)));
};
const w = t.array(
  Float64Array.from({ length: 9 }, (_, i) => Math.sin(i + 1)),
  { shape: [3, 3] },
);
const xs = t.array(
  Float64Array.from({ length: 12 }, (_, i) => Math.cos(2 * i)),
  { shape: [4, 3] },
);

describe("scan", () => {
  test("has the value, gradients and Hessian products of the same loop written out", () => {
    const quantities =
      (f: (a: Tensor, b: Tensor) => Tensor) =>
      (a: Tensor, b: Tensor): Tensor[] => [
        f(a, b),
        t.grad(f)(a, b) as Tensor,
        t.grad(f, 1)(a, b) as Tensor,
        t.jvp(((y: Tensor) => t.grad(f)(y, b)) as never, [a], [t.cos(a)])[1] as unknown as Tensor,
        t.grad((y: Tensor) => t.sum(t.sin(t.grad(f)(y, b) as Tensor)))(a) as Tensor,
      ];
    const got = t.program(quantities(looped))(w, xs);
    t.program(quantities(unrolled))(w, xs).forEach((want, i) => close(got[i]!.data(), want.data(), 1e-10));
  });

  test("runs backwards and keeps results in the order of the sequence", () => {
    const [last, sums] = t.program((x: Tensor) =>
      t.scan((c: Tensor, xi: Tensor) => [c.add(xi), c.add(xi)] as const, t.zeros([], "f64"), x, { reverse: true }),
    )(f64(1, 2, 3));
    expect(last.item()).toBe(6);
    expect(sums.tolist()).toEqual([6, 5, 3]);
  });

  test("exchanges two states without mixing old and new", () => {
    const fibonacci = t.program(() =>
      t.repeat(10, ([a, b]: [Tensor, Tensor]) => [b, a.add(b)] as [Tensor, Tensor], [t.zeros([2], "f64"), t.ones([2], "f64")]),
    );
    expect(fibonacci().map((a) => a.tolist())).toEqual([
      [55, 55],
      [89, 89],
    ]);
    const swapped = t.program(() => t.repeat(3, ([a, b]: [Tensor, Tensor]) => [b, a] as [Tensor, Tensor], [t.zeros([2]), t.ones([2])]));
    expect(swapped().map((a) => a.tolist())).toEqual([
      [1, 1],
      [0, 0],
    ]);
  });

  test("lets a state be read in another order than it is written", () => {
    const turned = t.program((x: Tensor) => t.repeat(3, (c: Tensor) => t.flip(c).add(1), x));
    expect(turned(f64(1, 2, 3)).tolist()).toEqual([6, 5, 4]);
    const shifted = t.program((x: Tensor) => t.repeat(2, (c: Tensor) => t.concat([t.sliceAxis(c, 0, 1, 3), t.sliceAxis(c, 0, 0, 1)]), x));
    expect(shifted(f64(1, 2, 3)).tolist()).toEqual([3, 1, 2]);
  });

  test("reports the state before and after a step", () => {
    const [, both] = t.program(() => t.scan((c: Tensor) => [c.mul(2), [c, c.mul(2)]] as const, t.ones([]), undefined, { length: 3 }))();
    expect(both.map((y) => y.tolist())).toEqual([
      [1, 2, 4],
      [2, 4, 8],
    ]);
  });

  test("nests, and slices a slice", () => {
    const x = t.array(
      Float64Array.from({ length: 24 }, (_, i) => i),
      { shape: [2, 3, 4] },
    );
    const sums = t.program(
      (a: Tensor) =>
        t.scan(
          (c: Tensor, rows: Tensor) => [c, t.scan((s: Tensor, row: Tensor) => [s.add(row), t.sum(row)] as const, c, rows)] as const,
          t.zeros([4], "f64"),
          a,
        )[1],
    );
    const [inner, totals] = sums(x);
    expect(inner.tolist()).toEqual([
      [12, 15, 18, 21],
      [48, 51, 54, 57],
    ]);
    expect(totals.tolist()).toEqual([
      [6, 22, 38],
      [54, 70, 86],
    ]);
  });

  test("of no steps returns its first state", () => {
    expect(
      t
        .program((x: Tensor) => t.repeat(0, (c: Tensor) => c.mul(2), x))(f64(1, 2))
        .tolist(),
    ).toEqual([1, 2]);
  });

  test("refuses a state that changes its shape, naming both", () => {
    expect(() => t.program((x: Tensor) => t.repeat(2, (c: Tensor) => t.concat([c, c]), x))(f64(1, 2))).toThrow(
      /scan: state 0 goes in as f64\[2\] and comes out as f64\[4\]/,
    );
  });
});

describe("whileLoop", () => {
  const collatz = (n: Tensor): [Tensor, Tensor] =>
    t.whileLoop(
      ([x]: [Tensor, Tensor]) => x.greater(1),
      ([x, steps]: [Tensor, Tensor]) =>
        [t.where(t.rem(x, 2).equal(0), t.floor(x.div(2)), x.mul(3).add(1)), steps.add(1)] as [Tensor, Tensor],
      [n, t.zeros([], "f64")],
    );

  test("runs until its condition fails", () => {
    expect(
      t
        .program((n: Tensor) => collatz(n)[1])(t.array(Float64Array.of(27), { shape: [] }))
        .item(),
    ).toBe(111);
  });

  test("over a batch stops each member at its own time", () => {
    expect(
      t
        .program((n: Tensor) => t.vmap((m: Tensor) => collatz(m)[1])(n) as Tensor)(f64(1, 6, 27, 97))
        .tolist(),
    ).toEqual([0, 8, 111, 118]);
  });

  test("stops at maxIterations", () => {
    expect(
      t
        .program((x: Tensor) =>
          t.whileLoop(
            (s: Tensor) => s.greater(0),
            (s: Tensor) => s.add(1),
            x,
            { maxIterations: 5 },
          ),
        )(1)
        .item(),
    ).toBe(6);
  });

  test("has a forward derivative", () => {
    // x doubles until it passes 100: the derivative is the number by which it was multiplied.
    const f = (x: Tensor): Tensor =>
      t.whileLoop(
        (s: Tensor) => s.less(100),
        (s: Tensor) => s.mul(2),
        x,
      );
    const [value, change] = t.program((x: Tensor) => t.jvp(f as never, [x], [t.onesLike(x)]) as unknown as [Tensor, Tensor])(3);
    expect([value.item(), change.item()]).toEqual([192, 64]);
  });
});

describe("map", () => {
  // Rows of a matrix through a loop with state, a product and a branch: what a turn works in must be its thread's own.
  const member = (w: Tensor) => (row: Tensor) => {
    const settled = t.repeat(3, (h: Tensor) => t.tanh(h.reshape([1, 4]).matmul(w).reshape([4])), row);
    return {
      settled,
      sum: t.cond(
        settled.sum().less(0),
        () => settled.sum(),
        () => row.sum().mul(2),
      ),
    };
  };
  const rows = (n: number) => t.random.normal(t.random.key(1), [n, 4], { dtype: "f64" });
  const weights = () => t.random.normal(t.random.key(2), [4, 4], { dtype: "f64" });

  test.each([0, 3, 8, 100])("of %i elements is each of them by itself, in any number of threads", (n) => {
    const one = t.program(() =>
      Array.from({ length: n }, (_, i) =>
        member(weights())(
          rows(n)
            .slice([i, 0], [i + 1, 4])
            .reshape([4]),
        ),
      ),
    );
    const singles = (one() as { settled: t.NdArray; sum: t.NdArray }[]).map((m) => [m.settled.tolist(), m.sum.item()]);
    for (const threads of [1, 2, 3, 5]) {
      const all = t.program(() => t.map(member(weights()), rows(n)), { threads })();
      expect(all.settled.tolist()).toEqual(singles.map(([settled]) => settled));
      expect(all.sum.tolist()).toEqual(singles.map(([, sum]) => sum));
    }
  });

  test("shares its turns among threads where they are many, and is a loop of shared instructions where they are few", () => {
    const text = (n: number) =>
      t.program(() => t.map((x: Tensor) => t.tanh(x).matmul(weights().cast("f64")), rows(n).reshape([n, 1, 4]))).explain();
    expect(text(50)).toMatch(/each of 50\n.*own\+/);
    expect(text(3)).toContain("repeat 3");
    // Turns that need more memory than a thread should get are shared too.
    const large = t
      .program((x: Tensor) => t.map((row: Tensor) => t.sum(t.cumsum(row)), x))
      .explain(t.array(new Float32Array(10 * 5e6), { shape: [10, 5e6] }));
    expect(large).toContain("repeat 10");
  });

  test("has derivatives by what is mapped and by what is not", () => {
    const loss = (w: Tensor, x: Tensor): Tensor => (t.map(member(w), x) as { settled: Tensor }).settled.square().sum();
    const direct = (w: Tensor, x: Tensor): Tensor =>
      t
        .repeat(3, (h: Tensor) => t.tanh(h.matmul(w)), x)
        .square()
        .sum();
    const apart = t.program(() => {
      const both = (f: typeof loss) =>
        [0, 1].map((of) => t.grad((y: Tensor) => (of ? f(weights(), y) : f(y, rows(9))))(of ? rows(9) : weights()) as Tensor);
      const exact = both(direct);
      return both(loss).map((g, i) => g.sub(exact[i]!).abs().max());
    })();
    for (const a of apart) expect(a.item()).toBeLessThan(1e-13); // another order of sums of about ten numbers of order 1
  });
});

describe("cond", () => {
  const f = (x: Tensor): Tensor =>
    t.cond(
      x.less(0),
      () => x.mul(x),
      () => x.mul(3),
    );
  test("takes one branch, with its derivative", () => {
    const both = t.program((x: Tensor) => t.valueAndGrad(f)(x) as unknown as [Tensor, Tensor]);
    expect(both(-2).map((a) => a.item())).toEqual([4, -4]);
    expect(both(2).map((a) => a.item())).toEqual([6, 3]);
  });

  test("in a loop computes the next state where it stands", () => {
    const run = t.program((x: Tensor, w: Tensor) =>
      t.repeat(
        5,
        ([a, b]: Tensor[], i: Tensor) =>
          t.cond(
            t.less(i, 3),
            () => [b!.matmul(w), a!.add(1)],
            () => [a!, b!.matmul(w).add(a!)],
          ),
        [x, x.mul(2)],
      ),
    );
    const [x, w] = [
      t.array([[1, 2]], { dtype: "f64" }),
      t.array(
        [
          [0.5, 1],
          [-1, 0.25],
        ],
        { dtype: "f64" },
      ),
    ];
    const by = ([p, q]: number[]): number[] => [0.5 * p! - q!, p! + 0.25 * q!];
    let [a, b] = [
      [1, 2],
      [2, 4],
    ];
    for (let i = 0; i < 5; i++) [a, b] = i < 3 ? [by(b!), a!.map((v) => v + 1)] : [a!, by(b!).map((v, k) => v + a![k]!)];
    expect((run(x, w) as t.NdArray[]).map((m) => m.tolist())).toEqual([[a], [b]]);

    // A product that is all the new state: nothing is copied.
    const text = t
      .program((v: Tensor, m: Tensor) =>
        t.repeat(
          9,
          (h: Tensor, i: Tensor) =>
            t.cond(
              t.less(i, 5),
              () => v.matmul(m),
              () => t.zerosLike(h),
            ),
          v,
        ),
      )
      .explain(x, w);
    expect(text.slice(text.indexOf("repeat 9"))).not.toContain("copy");
  });

  test("over a batch lets every member choose", () => {
    expect(
      t
        .program((x: Tensor) => t.vmap(f)(x) as Tensor)(f64(-2, 2, -1))
        .tolist(),
    ).toEqual([4, 6, 1]);
  });

  test("refuses branches that differ", () => {
    expect(() =>
      t.program((x: Tensor) =>
        t.cond(
          x.less(0),
          () => x,
          () => t.zeros([2]),
        ),
      )(1),
    ).toThrow(/cond: the branches return f32\[\] and f32\[2\]/);
  });
});

test("transforms mix: the gradient of a batch of second directional derivatives", () => {
  // u(x) = sin(a x): d/da of sum u_xx = sum of -(2 a sin(a x) + a^2 x cos(a x)).
  const u =
    (a: Tensor) =>
    (x: Tensor): Tensor =>
      t.sin(a.mul(x));
  const second =
    (f: (x: Tensor) => Tensor) =>
    (x: Tensor): Tensor =>
      t.jvp(((y: Tensor) => t.jvp(f as never, [y], [t.onesLike(y)])[1]) as never, [x], [t.onesLike(x)])[1] as unknown as Tensor;
  const total = (a: Tensor, x: Tensor): Tensor => t.sum(t.vmap(second(u(a)))(x) as Tensor);
  const points = [0.1, 0.7, 1.9];
  const got = t
    .program((a: Tensor, x: Tensor) => t.grad(total)(a, x) as Tensor)(t.array(Float64Array.of(1.3), { shape: [] }), f64(...points))
    .item();
  expect(got).toBeCloseTo(
    points.reduce((s, x) => s - 2 * 1.3 * Math.sin(1.3 * x) - 1.3 ** 2 * x * Math.cos(1.3 * x), 0),
    12,
  );
});
