import { describe, expect, test } from "vitest";
import { allocate } from "./array.ts";
import * as t from "./index.ts";
import { native } from "./native.ts";
import type { Tensor } from "./tensor.ts";

const thisFile = /program\.test\.ts:\d+/;

describe("errors", () => {
  test("a shape error names the op, both shapes and the caller's line", () => {
    const run = () => t.program((x: Tensor, y: Tensor) => x.add(y))(t.array([1, 2, 3]), t.array([1, 2]));
    expect(run).toThrow(t.ShapeError);
    expect(run).toThrow(/add: shapes \[3\] and \[2\] do not broadcast/);
    expect(run).toThrow(thisFile);
    expect(() => t.program((x: Tensor) => x.matmul(x))(t.array([[1, 2, 3]]))).toThrow(
      /matmul: \[1, 3\] by \[1, 3\]: the inner extents 3 and 1 must agree/,
    );
    expect(() => t.program((x: Tensor) => x.reshape([4, -1]))(t.array([1, 2, 3]))).toThrow(/reshape: \[3\] cannot become \[4, -1\]/);
  });

  test("a type error says which types met and what to do", () => {
    const run = () => t.program((x: Tensor) => x.add(t.arange(2)))(t.array([1, 2]));
    expect(run).toThrow(t.DTypeError);
    expect(run).toThrow(/add: operands are f32\[2\] and i32\[2\]; make the types agree with cast\(\)/);
    expect(run).toThrow(thisFile);
  });

  test("an op outside a program is refused", () => {
    expect(() => t.zeros([2])).toThrow(/fill was called outside a program/);
  });

  test("a value that outlives its program is refused", () => {
    let kept: Tensor | undefined;
    t.program((x: Tensor) => {
      kept = x;
      return x;
    })(1);
    expect(() => t.program((x: Tensor) => x.add(kept!))(1)).toThrow(/a value of a finished or unrelated program/);
  });

  test("the gradient of something that is no scalar is refused", () => {
    expect(() => t.program((x: Tensor) => t.grad((y: Tensor) => y.mul(2))(x) as Tensor)(t.array([1, 2]))).toThrow(
      /grad: the function must return one f32 or f64 scalar, got f32\[2\]/,
    );
  });

  test("an op without a reverse derivative says so", () => {
    const f = (x: Tensor): Tensor =>
      t.whileLoop(
        (s: Tensor) => s.less(10),
        (s: Tensor) => s.mul(2),
        x,
      );
    expect(() => t.program((x: Tensor) => t.grad(f)(x) as Tensor)(1)).toThrow(/while has no reverse derivative/);
  });

  test("a device that is not there is refused with those that are", () => {
    expect(() => t.program((x: Tensor) => x, { device: "cuda:7" })(1)).toThrow(t.DeviceError);
    expect(() => t.array([1], { device: "tpu" })).toThrow(/device "tpu" is not on this machine or not in this build; devices: cpu/);
    // Where the native code says why there is no GPU, that is passed on.
    const reason = (() => {
      try {
        return native().allocate("cuda:63", 0) && "";
      } catch (error) {
        return (error as Error).message;
      }
    })();
    expect(() => t.program((x: Tensor) => x, { device: "cuda:63" })(1)).toThrow(reason);
  });

  test("ragged, mistyped and disposed arrays are refused", () => {
    expect(() => t.array([[1, 2], [3]])).toThrow(/ragged/);
    expect(() => t.array(new Float32Array(3), { shape: [2, 2] })).toThrow(/3 numbers do not fill shape \[2, 2\]/);
    expect(() => t.array([new Int8Array(2)] as never)).toThrow(t.ShapeError);
    const x = t.array([1]);
    x.dispose();
    x.dispose();
    expect(() => x.data()).toThrow(/was disposed/);
    expect(() => t.program((v: Tensor) => v)(x)).toThrow(/was disposed/);
    expect(() => t.program((v: Tensor) => v)("1")).toThrow(/expected an NdArray, a number or a typed array, got string/);
  });

  test("an index outside its table fails the run, and the process goes on", () => {
    const f = t.program((x: Tensor, i: Tensor) => t.take(x, i));
    const table = t.array([1, 2, 3]);
    expect(() => f(table, t.array(Int32Array.of(0, 3)))).toThrow(t.RunError);
    expect(() => f(table, t.array(Int32Array.of(-1)))).toThrow(/gather: index -1 is outside \[0, 3\)/);
    expect(f(table, t.array(Int32Array.of(2, 0))).tolist()).toEqual([3, 1]);
  });
});

describe("running", () => {
  test("arguments and results are trees, and numbers and typed arrays count as arrays", () => {
    const f = t.program((a: { x: Tensor; list: Tensor[] }, n: Tensor) => ({ sum: a.x.add(a.list[0]!).mul(n), same: a.list }));
    const out = f({ x: Float32Array.of(1, 2), list: [t.array([10, 20])] }, 2);
    expect(out.sum.tolist()).toEqual([22, 44]);
    expect(out.same[0]!.tolist()).toEqual([10, 20]);
  });

  test("an array of the host becomes a constant of the program", () => {
    const c = t.array([1, 2]);
    expect(
      t
        .program((x: Tensor) => x.add(c))(t.array([1, 1]))
        .tolist(),
    ).toEqual([2, 3]);
  });

  test("a program called inside a program is part of it", () => {
    const inner = t.program((x: Tensor) => t.sum(t.square(x)));
    expect(
      t
        .program((x: Tensor) => t.grad((y: Tensor) => inner(y) as unknown as Tensor)(x) as Tensor)(t.array([1, 2]))
        .tolist(),
    ).toEqual([2, 4]);
  });

  test("empty arrays pass through", () => {
    expect(t.program((x: Tensor) => x.mul(2).add(1))(t.array(new Float32Array(0), { shape: [0, 3] })).shape).toEqual([0, 3]);
    expect(
      t
        .program((x: Tensor) => t.sum(x, 0))(t.array(new Float32Array(0), { shape: [0, 2] }))
        .tolist(),
    ).toEqual([0, 0]);
  });

  test("explain shows the program after each pass", () => {
    const text = t.program((x: Tensor) => t.tanh(x.add(0).mul(2))).explain(t.array([1, 2]));
    expect(text).toMatch(/# traced[\s\S]*add[\s\S]*# simplified[\s\S]*# fused and scheduled/);
    expect(text.split("# simplified")[1]).not.toMatch(/add\(/);
    expect(text).toMatch(/cluster \[2\] parts 2: f32@input0 -> constant mul tanh -> f32@output0/);
  });
});

/** A few steps of gradient descent of a small network: matrix products, reductions, gathers and state in one program. */
const training = (threads: number) =>
  t.program(
    (w: { a: Tensor; b: Tensor }, x: Tensor, y: Tensor) => {
      const order = t.random.permutation(t.random.key(3), 64);
      return t.repeat(
        20,
        (s: { a: Tensor; b: Tensor }, i: Tensor) => {
          const batch = t.take(order, t.rem(t.arange(16).add(i.mul(16)), 64));
          const [xs, ys] = [t.take(x, batch), t.take(y, batch)];
          const loss = (p: { a: Tensor; b: Tensor }): Tensor => t.mean(t.square(t.tanh(xs.matmul(p.a)).matmul(p.b).sub(ys)));
          const g = t.grad(loss)(s) as unknown as { a: Tensor; b: Tensor };
          return { a: s.a.sub(g.a.mul(0.1)), b: s.b.sub(g.b.mul(0.1)) };
        },
        w,
      );
    },
    { threads },
  );
const normal = (seed: number, shape: number[]): t.NdArray => t.program(() => t.random.normal(t.random.key(seed), shape))();

describe("threads", () => {
  test("any number of threads gives the same bits", () => {
    const args = [{ a: normal(1, [5, 33]), b: normal(2, [33, 3]) }, normal(4, [64, 5]), normal(5, [64, 3])] as const;
    const runs = [1, 2, 3, 5].map((n) => training(n)(...args));
    for (const run of runs.slice(1)) {
      expect(run.a.data()).toEqual(runs[0]!.a.data());
      expect(run.b.data()).toEqual(runs[0]!.b.data());
    }
  });

  test("draws, elementwise ops and sums have the same bits on any number of threads", () => {
    const f = (threads: number): t.NdArray =>
      t.program(() => t.sum(t.tanh(t.random.normal(t.random.key(2), [1001, 37])), 0), { threads })();
    const first = f(1).data();
    for (const n of [2, 3, 5]) expect(f(n).data()).toEqual(first);
  });

  test("the training run is what plain arithmetic gives", () => {
    // One step of the same descent on the host.
    const [w, v] = [normal(1, [2, 1]), normal(2, [1, 1])];
    const [x, y] = [normal(3, [4, 2]), normal(4, [4, 1])];
    const step = t.program((p: { a: Tensor; b: Tensor }, xs: Tensor, ys: Tensor) => {
      const g = t.grad((q: { a: Tensor; b: Tensor }) => t.mean(t.square(t.tanh(xs.matmul(q.a)).matmul(q.b).sub(ys))))(p) as unknown as {
        a: Tensor;
        b: Tensor;
      };
      return g;
    })({ a: w, b: v }, x, y);
    const [wd, vd, xd, yd] = [w, v, x, y].map((a) => a.data());
    let [g0, g1, gb] = [0, 0, 0];
    for (let i = 0; i < 4; i++) {
      const h = Math.tanh(xd![2 * i]! * wd![0]! + xd![2 * i + 1]! * wd![1]!);
      const r = (2 * (h * vd![0]! - yd![i]!)) / 4;
      gb += r * h;
      g0 += r * vd![0]! * (1 - h * h) * xd![2 * i]!;
      g1 += r * vd![0]! * (1 - h * h) * xd![2 * i + 1]!;
    }
    expect(step.a.data()[0]).toBeCloseTo(g0, 5);
    expect(step.a.data()[1]).toBeCloseTo(g1, 5);
    expect(step.b.data()[0]).toBeCloseTo(gb, 5);
  });
});

describe("off the event loop", () => {
  const long = t.program((x: Tensor) => t.repeat(2_000_000, (c: Tensor) => t.sin(c), x), { threads: 1 });

  test("an asynchronous run gives the result of a synchronous one", async () => {
    const f = t.program((x: Tensor) => t.exp(x));
    expect((await f.runAsync([t.array([0, 1])])).data()).toEqual(f(t.array([0, 1])).data());
  });

  test("an abort stops a run within a step, and the next run is not affected", async () => {
    const controller = new AbortController();
    const turns: number[] = [];
    const run = long.runAsync([t.array(new Float32Array(2000))], { signal: controller.signal, onProgress: (n) => turns.push(n) });
    setTimeout(() => controller.abort(new Error("enough")), 250);
    await expect(run).rejects.toThrow("enough");
    expect(turns.length).toBeGreaterThan(0);
    expect(
      t
        .program((x: Tensor) => x.add(1))(1)
        .item(),
    ).toBe(2);
  });

  test("a run that was aborted before it began does not begin", async () => {
    await expect(long.runAsync([t.array([1])], { signal: AbortSignal.abort() })).rejects.toThrow(/abort/i);
  });
});

describe("memory of arrays that were disposed of", () => {
  const doubled = t.program((x: Tensor) => x.mul(2), { threads: 1 });
  const twice = (values: readonly number[]) => doubled(t.array(values));

  test("serves the next results, and no array that is still there", () => {
    const kept = Array.from({ length: 20 }, (_, i) => twice([i, -i]));
    for (let i = 0; i < 20; i++) twice([100, 100]).dispose();
    const next = Array.from({ length: 20 }, (_, i) => twice([i + 0.5, 0]));
    expect(kept.map((a) => a.tolist())).toEqual(Array.from({ length: 20 }, (_, i) => [2 * i, -2 * i]));
    expect(next.map((a) => a.tolist())).toEqual(Array.from({ length: 20 }, (_, i) => [2 * i + 1, 0]));
    kept[0]!.dispose();
    kept[0]!.dispose(); // a second time: nothing more to give back
    const [a, b] = [twice([1, 1]), twice([2, 2])];
    expect([a.tolist(), b.tolist(), allocate([2], "f32").tolist()]).toEqual([
      [2, 2],
      [4, 4],
      [0, 0],
    ]);
  });

  test("is not given to others while an asynchronous run reads it, nor what a program holds as a constant", async () => {
    const x = twice([3, 4]);
    const slow = t.program((v: Tensor) => t.repeat(20_000, (h: Tensor) => h.add(v), v), { threads: 1 });
    const sums = slow.runAsync([x]);
    x.dispose();
    const others = Array.from({ length: 50 }, () => twice([9, 9]));
    expect((await sums).tolist()).toEqual([6 * 20_001, 8 * 20_001]);
    expect(others.every((o) => o.data()[1] === 18)).toBe(true);

    const constant = twice([5, 6]);
    const adds = t.program((v: Tensor) => v.add(constant), { threads: 1 });
    expect(adds(t.array([0, 0])).tolist()).toEqual([10, 12]);
    constant.dispose();
    twice([7, 7]);
    expect(() => adds(t.array([0, 0]))).toThrow("released");
  });
});
