import { array, flip, program, random, type Tensor } from "@credence/tensor";
import { describe, expect, it } from "vitest";
import { deepSet } from "./deep-set.ts";
import { mlp } from "./mlp.ts";
import { recurrent } from "./recurrent.ts";
import { residual } from "./residual.ts";

const maxDifference = (a: Tensor, b: Tensor) => a.sub(b).abs().max();

describe("mlp", () => {
  it("is the composition of its layers", () => {
    const net = mlp({ input: 2, hidden: [3], output: 1, activation: "tanh" });
    const run = program((x: Tensor) => {
      const params = net.init(random.key(1));
      const [first, second] = params;
      const byHand = x.matmul(first!.weight).add(first!.bias).tanh().matmul(second!.weight).add(second!.bias);
      return maxDifference(net.apply(params, x), byHand);
    });
    expect(
      run(
        array([
          [1, 2],
          [-3, 0.5],
        ]),
      ).item(),
    ).toBe(0);
  });

  it("starts with weights within 1 / sqrt(inputs)", () => {
    const net = mlp({ input: 100, hidden: [], output: 400 });
    const run = program(() => {
      const weight = net.init(random.key(3))[0]!.weight;
      return { low: weight.min(), high: weight.max(), variance: weight.square().mean() };
    });
    const { low, high, variance } = run();
    expect(low.item()).toBeGreaterThanOrEqual(-0.1);
    expect(high.item()).toBeLessThanOrEqual(0.1);
    // Var U(-b, b) = b^2 / 3; 40 000 draws give it to 1.5 % at 3 standard errors.
    expect(Math.abs(variance.item() / (0.01 / 3) - 1)).toBeLessThan(0.015);
  });
});

describe("residual", () => {
  it("asks for its context", () => {
    const net = residual({ input: 2, hidden: 4, blocks: 1, output: 1, context: 3 });
    expect(() => program((x: Tensor) => net.apply(net.init(random.key(1)), x))(array([[1, 2]]))).toThrow("takes a context of 3 features");
  });

  it("refuses to be a network of nothing", () => {
    expect(() => residual({ input: 0, hidden: 4, blocks: 1, output: 1 })).toThrow("needs input or context");
  });
});

describe("deepSet", () => {
  const net = deepSet({ input: 2, hidden: [8], pooled: 6, output: 3 });

  it("does not see the order of its elements", () => {
    const run = program(() => {
      const params = net.init(random.key(1));
      const x = random.normal(random.key(2), [5, 7, 2]);
      return maxDifference(net.apply(params, x), net.apply(params, flip(x, 1)));
    });
    expect(run().item()).toBeLessThan(1e-6);
  });

  it("does not see absent elements", () => {
    const run = program(() => {
      const params = net.init(random.key(1));
      const x = random.normal(random.key(2), [5, 7, 2]);
      const mask = array([[1, 1, 1, 1, 0, 0, 0]]);
      return maxDifference(net.apply(params, x, x.mul(0).sum(2).add(mask)), net.apply(params, x.slice([0, 0, 0], [5, 4, 2])));
    });
    expect(run().item()).toBeLessThan(1e-6);
  });
});

describe("recurrent", () => {
  const net = recurrent({ input: 2, hidden: 4, output: 3 });

  it("leaves its state as it is at times that were not observed", () => {
    const run = program(() => {
      const params = net.init(random.key(1));
      const x = random.normal(random.key(2), [5, 6, 2]);
      const mask = x
        .mul(0)
        .sum(2)
        .add(array([[1, 1, 1, 0, 0, 0]]));
      return maxDifference(net.apply(params, x, mask), net.apply(params, x.slice([0, 0, 0], [5, 3, 2])));
    });
    expect(run().item()).toBeLessThan(1e-6);
  });

  it("sees the order of times", () => {
    const run = program(() => {
      const params = net.init(random.key(1));
      const x = random.normal(random.key(2), [5, 6, 2]);
      return maxDifference(net.apply(params, x), net.apply(params, flip(x, 1)));
    });
    expect(run().item()).toBeGreaterThan(1e-3);
  });
});
