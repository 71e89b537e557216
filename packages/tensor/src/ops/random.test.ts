import { describe, expect, test } from "vitest";
import * as t from "../index.ts";
import type { Tensor } from "../tensor.ts";

const n = 100_000;
/** Mean and variance of n draws against the exact ones, each within 5 standard errors (chance of a false alarm below 1e-6). */
function checkMoments(draws: ArrayLike<number>, mean: number, variance: number, fourth = 3 * variance ** 2): void {
  const x = Array.from(draws);
  const m = x.reduce((a, b) => a + b) / x.length;
  const v = x.reduce((a, b) => a + (b - m) ** 2, 0) / x.length;
  expect(Math.abs(m - mean)).toBeLessThan(5 * Math.sqrt(variance / x.length));
  expect(Math.abs(v - variance)).toBeLessThan(5 * Math.sqrt((fourth - variance ** 2) / x.length));
}
const draw = (f: (key: Tensor) => Tensor, seed = 11, threads = 2): t.NdArray => t.program(() => f(t.random.key(seed)), { threads })();

describe("draws have the moments of their distribution", () => {
  test("uniform", () => checkMoments(draw((k) => t.random.uniform(k, [n], { low: -1, high: 3 })).data(), 1, 16 / 12, 256 / 80));
  test("normal", () => checkMoments(draw((k) => t.random.normal(k, [n], { dtype: "f64" })).data(), 0, 1));
  test("exponential", () => checkMoments(draw((k) => t.random.exponential(k, [n])).data(), 1, 1, 9));
  test("gamma, shape below and above 1", () => {
    for (const a of [0.4, 3.5]) checkMoments(draw((k) => t.random.gamma(k, t.full([n], a, "f64"))).data(), a, a, 3 * a * a + 6 * a);
  });
  test("Poisson, small and large rate", () => {
    for (const rate of [0.7, 40])
      checkMoments(draw((k) => t.random.poisson(k, t.full([n], rate, "f64"))).data(), rate, rate, rate * (1 + 3 * rate));
  });
  test("binomial, small and large", () => {
    for (const [trials, p] of [
      [8, 0.3],
      [500, 0.4],
    ] as const) {
      const v = trials * p * (1 - p);
      checkMoments(
        draw((k) => t.random.binomial(k, t.full([n], trials, "f64"), p)).data(),
        trials * p,
        v,
        3 * v * v + v * (1 - 6 * p * (1 - p)),
      );
    }
  });
  test("bernoulli and categorical", () => {
    checkMoments(draw((k) => t.random.bernoulli(k, 0.3, { shape: [n] }).cast("f32")).data(), 0.3, 0.21, 0.21 * (1 - 3 * 0.21));
    const counts = [0, 0, 0];
    for (const i of draw((k) => t.random.categorical(k, t.log(t.constant([0.5, 0.3, 0.2])), { shape: [n] })).data()) counts[i]!++;
    [0.5, 0.3, 0.2].forEach((p, i) => expect(Math.abs(counts[i]! / n - p)).toBeLessThan(5 * Math.sqrt((p * (1 - p)) / n)));
  });
});

test("a gradient through a gamma draw is refused, as a draw moves with its shape; of a count it is 0", () => {
  const gradient = (f: (k: Tensor, x: Tensor) => Tensor) => () => [
    ...(
      t.program((x: Tensor) => t.grad((y: Tensor) => t.sum(f(t.random.key(1), y)))(x) as Tensor)(
        t.array(Float64Array.of(2, 3)),
      ) as t.NdArray
    ).data(),
  ];
  expect(gradient(t.random.gamma)).toThrow(/randomGamma has no reverse derivative: .* its derivative to the shape is not provided/);
  expect(gradient(t.random.poisson)()).toEqual([0, 0]);
});

test("draws of whole-number types are refused", () => {
  expect(() => draw((k) => t.random.normal(k, [2], { dtype: "i32" }))).toThrow(/randomNormal: draws are f32 or f64, got i32/);
});

describe("keys", () => {
  test("the same key gives the same bits on any number of threads", () => {
    const f = (k: Tensor): Tensor => t.random.normal(k, [1000]);
    expect(draw(f, 5, 1).data()).toEqual(draw(f, 5, 3).data());
    expect(draw(f, 5).data()).not.toEqual(draw(f, 6).data());
  });

  test("keys that were split are independent", () => {
    const out = t.program(() => {
      const keys = t.random.split(t.random.key(9), 2);
      return [t.random.normal(keys.index(0), [n]), t.random.normal(keys.index(1), [n])] as const;
    })();
    const [a, b] = out.map((x) => Array.from(x.data()));
    const correlation = a!.reduce((s, x, i) => s + x * b![i]!, 0) / n;
    expect(Math.abs(correlation)).toBeLessThan(5 / Math.sqrt(n));
  });

  test("a batch of keys draws what each key draws alone", () => {
    const f = (k: Tensor): Tensor => t.random.gamma(k, t.full([3], 2));
    const batch = t.program(() => t.vmap(f)(t.random.split(t.random.key(1), 2)) as Tensor)();
    const alone = t.program(() => t.stack([0, 1].map((i) => f(t.random.split(t.random.key(1), 2).index(i)))))();
    expect(batch.data()).toEqual(alone.data());
  });

  test("fold gives another key for every number, also inside a loop", () => {
    const looped = t.program(
      () => t.scan((c: Tensor, i: Tensor) => [c, t.random.fold(t.random.key(4), i)] as const, t.zeros([]), t.arange(3))[1],
    )();
    const plain = t.program(() => t.stack([0, 1, 2].map((i) => t.random.fold(t.random.key(4), i))))();
    expect(looped.data()).toEqual(plain.data());
    expect(new Set(Array.from(looped.data())).size).toBe(6);
  });

  test("a permutation holds every number once, in an order that depends on the key", () => {
    const p = draw((k) => t.random.permutation(k, 1000));
    expect(Array.from(p.data()).sort((a, b) => a - b)).toEqual(Array.from({ length: 1000 }, (_, i) => i));
    expect(p.data()).not.toEqual(draw((k) => t.random.permutation(k, 1000), 12).data());
  });

  test("a seed that is no integer is refused", () => {
    expect(() => draw(() => t.random.key(1.5))).toThrow(/random.key: the seed must be an integer from 0 to 2\^53, got 1.5/);
    expect(() => draw(() => t.random.normal(t.zeros([2]), [3]))).toThrow(/randomNormal: expected a key u32\[2\]/);
  });
});

test("the exact birth-death sampler and the event simulation agree with the closed moments", () => {
  // E N = i E + nu (E - 1)/r and the variance of science: linear birth-death-immigration, r = birth - death, E = e^(r t).
  const [birth, death, nu, i, dt] = [0.3, 0.2, 0.5, 12, 2];
  const r = birth - death;
  const E = Math.exp(r * dt);
  const mean = i * E + (nu * (E - 1)) / r;
  const variance = ((i * (birth + death)) / r) * E * (E - 1) + (nu * (E - 1) * (birth * E - death)) / r ** 2;
  const m = 20_000;
  const rates = t.array(Float64Array.of(birth, death, nu));
  checkMoments(draw((k) => t.birthDeathStep(k, t.full([m], i, "f64"), dt, birth, death, nu)).data(), mean, variance, 4 * variance ** 2);
  const events = draw((k) =>
    t.birthDeathEvents(k, t.full([m], i, "f64"), t.constant([1, 2], "f64"), t.broadcastTo(t.asTensor(rates), [m, 3])).counts.slice([0, 1]),
  );
  checkMoments(events.data(), mean, variance, 4 * variance ** 2);
  // Probabilities of all counts sum to 1.
  const logP = t.program((j: Tensor) => t.birthDeathLogTransition(i, j, dt, birth, death, nu))(
    Float64Array.from({ length: 300 }, (_, j) => j),
  );
  expect(Array.from(logP.data()).reduce((s, l) => s + Math.exp(l), 0)).toBeCloseTo(1, 12);
});
