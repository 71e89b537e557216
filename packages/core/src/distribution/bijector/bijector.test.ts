import { array, grad, program, type Tensor, vmap } from "@credence/tensor";
import { describe, expect, test } from "vitest";
import { independent, joint, multivariateNormal, normal, poisson, uniform } from "../index.ts";
import {
  affineBijector,
  type Bijector,
  compose,
  expBijector,
  identityBijector,
  independentBijector,
  invert,
  logBijector,
  logitBijector,
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
