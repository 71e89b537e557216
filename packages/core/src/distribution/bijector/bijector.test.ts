import { array, grad, logDeterminant, program, type Tensor, vmap } from "@credence/tensor";
import { describe, expect, test } from "vitest";
import { independent, joint, multivariateNormal, normal, poisson, uniform } from "../index.ts";
import {
  aboveBijector,
  affineBijector,
  type Bijector,
  belowBijector,
  compose,
  correlationBijector,
  expBijector,
  identityBijector,
  independentBijector,
  invert,
  logBijector,
  logitBijector,
  orderedBijector,
  simplexBijector,
  softplusBijector,
  toUnconstrained,
} from "./index.ts";

const run = (f: (x: Tensor) => Tensor, x: readonly number[]) => {
  using result = program(f)(Float64Array.from(x));
  return [...result.data()];
};

describe.each([
  { name: "identity", f: identityBijector(), x: [-3, 0, 5] },
  { name: "affine", f: affineBijector({ shift: 2, scale: -3 }), x: [-3, 0, 5] },
  { name: "exp", f: expBijector, x: [-3, 0, 5] },
  { name: "log", f: logBijector, x: [1e-3, 1, 40] },
  { name: "softplus", f: softplusBijector, x: [-20, 0, 30] },
  { name: "inverse softplus", f: invert(softplusBijector), x: [1e-6, 1, 30] },
  { name: "logit", f: logitBijector(-1, 3), x: [-0.999, 0, 2.9] },
  { name: "above", f: aboveBijector(-2), x: [-1.999, 0, 40] },
  { name: "below", f: belowBijector(3), x: [2.999, 0, -40] },
  { name: "a chain", f: compose(affineBijector({ scale: 2 }), expBijector, affineBijector({ shift: -1 })), x: [-1, 0, 1] },
])("$name", ({ f, x }: { f: Bijector; x: number[] }) => {
  test("inverse undoes forward", () => {
    run((t) => f.inverse(f.forward(t)), x).forEach((value, i) => {
      expect(Math.abs(value - x[i]!)).toBeLessThan(1e-12 * (1 + Math.abs(x[i]!)));
    });
  });

  test("the log derivative is that of forward, and its negative that of inverse", () => {
    const slope = run((t) => vmap(grad((one: Tensor) => f.forward(one)))(t), x);
    const own = run((t) => f.logDerivative(t), x);
    const back = run((t) => f.inverseLogDerivative(f.forward(t)), x);
    slope.forEach((value, i) => {
      expect(own[i]!).toBeCloseTo(Math.log(Math.abs(value)), 10);
      expect(back[i]!).toBeCloseTo(-own[i]!, 8);
    });
  });
});

describe("the scaled logit", () => {
  const f = logitBijector(2, 5);
  test("maps draws on the bounds to finite values, in both float types", () => {
    expect(run((x) => f.forward(x), [2, 5])).toEqual([expect.closeTo(-36.7368, 3), expect.closeTo(36.7368, 3)]);
    using single = program((x: Tensor) => f.forward(x))(Float32Array.of(2, 5));
    expect([...single.data()]).toEqual([expect.closeTo(-16.6355, 3), expect.closeTo(16.6355, 3)]);
  });

  test("never leaves the interval, and its log derivative stays finite far out", () => {
    using theta = program((u: Tensor) => f.inverse(u))(Float32Array.of(-100, 100));
    expect([...theta.data()]).toEqual([2, 5]);
    run((u) => f.inverseLogDerivative(u), [-500, 500]).forEach((value) => {
      expect(value).toBeCloseTo(Math.log(3) - 500, 9);
    });
  });
});

describe("events of several numbers", () => {
  test("log derivatives add up over the event", () => {
    const f = independentBijector(expBijector, 1);
    using result = program((x: Tensor) => f.logDerivative(x))(
      array(
        [
          [1, 2],
          [3, 4],
        ],
        { dtype: "f64" },
      ),
    );
    expect([...result.data()]).toEqual([3, 7]);
  });

  test("toUnconstrained of a joint support works part by part", () => {
    const prior = joint({
      a: uniform(0, 1),
      b: multivariateNormal([0, 0], {
        covariance: [
          [1, 0],
          [0, 1],
        ],
      }),
      c: independent(uniform([0, 0], [2, 4]), 1),
    });
    const f = toUnconstrained(prior.support);
    using theta = array([[0.5, 7, -7, 1, 3]], { dtype: "f64" });
    using u = program((x: Tensor) => f.forward(x))(theta);
    expect([...u.data()]).toEqual([0, 7, -7, 0, expect.closeTo(Math.log(3), 12)]);
    using back = program((x: Tensor) => f.inverse(f.forward(x)))(theta);
    [...back.data()].forEach((value, i) => {
      expect(value).toBeCloseTo([0.5, 7, -7, 1, 3][i]!, 12);
    });
    using derivative = program((x: Tensor) => f.logDerivative(x))(theta);
    expect(derivative.shape).toEqual([1]);
    expect(derivative.item()).toBeCloseTo(-Math.log(0.25) - Math.log(0.5) - Math.log((3 / 4) * (1 / 4) * 4), 12);
  });

  test("counts have no map, and a chain needs a member", () => {
    expect(() => toUnconstrained(poisson(1).support)).toThrow("counts have no smooth map");
    expect(() => compose()).toThrow("at least one bijector");
    expect(() => affineBijector({ scale: 0 })).toThrow("scale must be finite and not 0, got 0");
    expect(() => logitBijector(1, 0)).toThrow("low must be < high");
    expect(toUnconstrained(normal(0, 1).support).name).toBe("identity");
  });
});

/** The numbers that a density on the surface is written in. */
const firstOf = (count: number) => Array.from({ length: count }, (_, i) => i);

describe.each([
  { name: "the simplex", f: simplexBijector, u: [0.3, -1.2, 2], shape: [4], coordinates: firstOf(3) },
  { name: "an ordered vector", f: orderedBijector({ positive: false }), u: [0.3, -1.2, 2], shape: [3], coordinates: firstOf(3) },
  { name: "a positive ordered vector", f: orderedBijector({ positive: true }), u: [0.3, -1.2, 0.5], shape: [3], coordinates: firstOf(3) },
  {
    name: "a correlation factor",
    f: correlationBijector(4),
    u: [0.3, -1.2, 0.5, 0.9, -0.1, 1.4],
    shape: [4, 4],
    coordinates: [4, 8, 9, 12, 13, 14],
  },
])("$name", ({ f, u, shape, coordinates }) => {
  const free = Float64Array.from(u);
  const inverse = program((y: Tensor) => f.inverse(y));

  test("forward undoes inverse, and the shapes are said", () => {
    const out = program((y: Tensor) => ({ x: f.inverse(y), back: f.forward(f.inverse(y)) }))(free);
    expect([out.x.shape, f.imageShape?.(shape) ?? shape]).toEqual([shape, [u.length]]);
    out.back.data().forEach((value, i) => {
      expect(value).toBeCloseTo(u[i]!, 12);
    });
  });

  test("the log derivative of inverse is the log determinant of central differences, and its negative that of forward", () => {
    const h = 1e-5;
    const jacobian = u.map((_, i) => {
      const at = (step: number) => inverse(free.with(i, u[i]! + step)).data();
      const [up, down] = [at(h), at(-h)];
      return coordinates.map((c) => (up[c]! - down[c]!) / (2 * h));
    });
    const expected = program((m: Tensor) => logDeterminant(m))(array(jacobian, { dtype: "f64" })).item();
    const own = program((y: Tensor) => ({ back: f.inverseLogDerivative(y), there: f.logDerivative(f.inverse(y)) }))(free);
    // Differences are right to h^2 and 1e-16 / h.
    expect(own.back.item()).toBeCloseTo(expected, 8);
    expect(own.there.item()).toBeCloseTo(-own.back.item(), 10);
  });

  test("a batch of rows is mapped row by row", () => {
    const rows = program((y: Tensor) => ({ together: f.inverse(y), alone: vmap(f.inverse)(y) as Tensor, log: f.inverseLogDerivative(y) }))(
      array([u, u.map((value) => -value)], { dtype: "f64" }),
    );
    expect([rows.together.shape, rows.log.shape]).toEqual([[2, ...shape], [2]]);
    expect(rows.together.data()).toEqual(rows.alone.data());
  });
});

describe("far out", () => {
  test("a share of the simplex and a correlation keep their logarithms finite, with a finite gradient", () => {
    for (const [f, u] of [
      [simplexBijector, [300, -300]],
      [correlationBijector(3), [30, -30, 200]],
      [orderedBijector({ positive: true }), [-300, 300]],
    ] as const) {
      const out = program((y: Tensor) => ({
        value: f.inverseLogDerivative(y),
        slope: grad((v: Tensor) => f.inverseLogDerivative(v))(y) as Tensor,
      }))(Float64Array.from(u));
      expect([out.value.item(), ...out.slope.data()].every(Number.isFinite)).toBe(true);
    }
  });

  test("rows of a correlation factor have length 1", () => {
    const l = program((y: Tensor) => correlationBijector(5).inverse(y).square().sum(-1))(
      Float64Array.from({ length: 10 }, (_, i) => 3 * Math.sin(i)),
    );
    l.data().forEach((value) => {
      expect(value).toBeCloseTo(1, 14);
    });
  });
});
