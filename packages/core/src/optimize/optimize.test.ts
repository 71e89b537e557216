import { array, program, repeat, type Tensor, valueAndGrad, zeros } from "@credence/tensor";
import { describe, expect, it } from "vitest";
import { type AdamState, adam } from "./adam.ts";
import { movingAverage } from "./average.ts";
import { cosineRate } from "./schedule.ts";

type Params = { readonly a: Tensor; readonly b: Tensor };

describe("adam", () => {
  it("takes the steps of its formula", () => {
    const optimiser = adam<Tensor>({ learningRate: 0.1, beta1: 0.8, beta2: 0.95, weightDecay: 0.01 });
    const gradients = [2, -1, 0.5];
    const run = program((p: Tensor) => {
      let params = p;
      let state = optimiser.init(p);
      for (const g of gradients) ({ params, state } = optimiser.step(state, params, p.mul(0).add(g)));
      return params;
    });
    let p = 1;
    let m = 0;
    let v = 0;
    gradients.forEach((g, i) => {
      m = 0.8 * m + 0.2 * g;
      v = 0.95 * v + 0.05 * g * g;
      p -= 0.1 * (m / (1 - 0.8 ** (i + 1)) / (Math.sqrt(v / (1 - 0.95 ** (i + 1))) + 1e-8) + 0.01 * p);
    });
    expect(run(array([1])).item()).toBeCloseTo(p, 5);
  });

  it("finds the minimum of a quadratic over a tree", () => {
    const optimiser = adam<Params>({ learningRate: cosineRate({ rate: 0.1, steps: 500 }), clipNorm: 1 });
    const loss = valueAndGrad((p: Params) => p.a.sub(3).square().sum().add(p.b.add(1).square().sum().mul(10)));
    const run = program(() => {
      const params: Params = { a: zeros([2]), b: zeros([]) };
      type Carry = { readonly params: Params; readonly state: AdamState<Params> };
      return repeat(
        500,
        (carry: Carry): Carry => {
          const next = optimiser.step(carry.state, carry.params, loss(carry.params)[1]);
          return { params: next.params, state: next.state };
        },
        { params, state: optimiser.init(params) },
      ).params;
    });
    const { a, b } = run();
    for (const value of a.data()) expect(value).toBeCloseTo(3, 3);
    expect(b.item()).toBeCloseTo(-1, 3);
  });

  it("scales a long gradient down to the limit, all leaves alike", () => {
    const optimiser = adam<Params>({ clipNorm: 1, beta1: 0 });
    const run = program((g: Params) => {
      const { state, info } = optimiser.step(optimiser.init(g), g, g);
      return { first: state.first, norm: info.gradientNorm };
    });
    const { first, norm } = run({ a: array([3, 0]), b: array(4, {}) } as never);
    expect(norm.item()).toBeCloseTo(5, 5);
    expect(first.a.data()[0]).toBeCloseTo(0.6, 5);
    expect(first.b.item()).toBeCloseTo(0.8, 5);
  });

  it("leaves everything as it is where the gradient is not finite", () => {
    const optimiser = adam<Tensor>({ clipNorm: 1 });
    const run = program((p: Tensor, g: Tensor) => {
      const next = optimiser.step(optimiser.init(p), p, g);
      return { params: next.params, count: next.state.count, second: next.state.second };
    });
    for (const bad of [Number.NaN, Number.POSITIVE_INFINITY]) {
      const { params, count, second } = run(array([1, 2]), array([bad, 1]));
      expect([...params.data()]).toEqual([1, 2]);
      expect(count.item()).toBe(0);
      expect([...second.data()]).toEqual([0, 0]);
    }
  });

  it("refuses impossible options by name", () => {
    expect(() => adam({ beta1: 1 })).toThrow("beta1 must be in [0, 1), got 1");
    expect(() => adam({ clipNorm: 0 })).toThrow("clipNorm must be > 0, got 0");
    expect(() => adam({ learningRate: Number.NaN })).toThrow("rate must be positive and finite, got NaN");
  });
});

describe("cosineRate", () => {
  it("rises linearly and falls along half a cosine", () => {
    const schedule = cosineRate({ rate: 1, steps: 110, warmup: 10, final: 0.1 });
    const run = program((step: Tensor) => schedule(step));
    const at = (step: number) => run(array(Int32Array.of(step), { shape: [] })).item();
    expect(at(0)).toBeCloseTo(0.1, 5);
    expect(at(10)).toBeCloseTo(1, 5);
    expect(at(60)).toBeCloseTo(0.55, 5);
    expect(at(110)).toBeCloseTo(0.1, 5);
    expect(at(500)).toBeCloseTo(0.1, 5);
  });
});

describe("movingAverage", () => {
  it("is the weighted mean of what it saw, from the first step on", () => {
    const average = movingAverage<Tensor>({ decay: 0.9 });
    const run = program((p: Tensor) => {
      const first = average.step(average.init(p), p);
      return { one: average.value(first), two: average.value(average.step(first, p.mul(3))) };
    });
    const { one, two } = run(array([2]));
    expect(one.item()).toBeCloseTo(2, 5);
    expect(two.item()).toBeCloseTo((0.9 * 0.1 * 2 + 0.1 * 6) / (1 - 0.81), 5);
  });
});
