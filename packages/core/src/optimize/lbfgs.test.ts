import { array, constant, lgamma, log, matmul, type Tensor } from "@credence/tensor";
import { describe, expect, it } from "vitest";
import { minimise } from "./minimise.ts";

/** sum of 100 (x_(i+1) - x_i^2)^2 + (1 - x_i)^2, its minimum 0 at 1. */
const rosenbrock = (x: Tensor): Tensor => {
  const [n, d] = x.shape as [number, number];
  const first = x.slice([0, 0], [n, d - 1]);
  const next = x.slice([0, 1], [n, d]);
  return next.sub(first.square()).square().mul(100).add(first.sub(1).square()).sum(1);
};

describe("L-BFGS", () => {
  it("finds the minimum of Rosenbrock's valley in ten dimensions from many starts at once", async () => {
    const starts = Array.from({ length: 6 }, (_, r) => Array.from({ length: 10 }, (_, i) => 0.5 + 0.3 * Math.sin(3 * r + 7 * i)));
    const { position, value, status, steps } = await minimise(rosenbrock, starts);
    expect(new Set(status)).toEqual(new Set(["converged"]));
    for (const x of position.data()) expect(Math.abs(x - 1)).toBeLessThan(1e-9);
    for (const v of value) expect(v).toBeLessThan(1e-18);
    for (const count of steps) expect(count).toBeLessThan(120);
  });

  it("takes every row where it would go alone", async () => {
    const starts = [
      [-1.2, 1, 0.4],
      [2, -2, 1],
    ];
    const together = await minimise(rosenbrock, starts);
    for (const [row, start] of starts.entries()) {
      const alone = await minimise(rosenbrock, [start]);
      expect([...alone.position.data()]).toEqual([...together.position.data().slice(3 * row, 3 * row + 3)]);
      expect(alone.steps[0]).toBe(together.steps[row]);
    }
  });

  it("solves a badly scaled quadratic to rounding, where values have long stopped to tell points apart", async () => {
    // A = diag(1 ... 1e6) turned by Householder's reflection; the value at the minimum, 1e3, hides changes of x below sqrt(1e-13 1e3).
    const d = 8;
    const w = Array.from({ length: d }, (_, i) => Math.cos(i + 1));
    const length = w.reduce((sum, x) => sum + x * x, 0);
    const reflection = w.map((a, i) => w.map((b, j) => Number(i === j) - (2 * a * b) / length));
    const scales = Array.from({ length: d }, (_, i) => 10 ** ((6 * i) / (d - 1)));
    const target = Array.from({ length: d }, (_, i) => i - 3);
    const { position } = await minimise(
      (x) => {
        const turned = matmul(x.sub(constant(target, "f64")), constant(reflection, "f64"));
        return turned.square().mul(constant(scales, "f64")).sum(1).mul(0.5).add(1e3);
      },
      [new Array<number>(d).fill(0)],
    );
    // Gradients at the tolerance, 1e-9, leave 1e-9 / 1 in the flattest direction.
    [...position.data()].forEach((x, i) => {
      expect(Math.abs(x - target[i]!)).toBeLessThan(1e-8);
    });
  });

  it("steps back from where a value is not finite", async () => {
    // x - log x, NaN below 0: the first long step would leave the domain.
    const { position, status } = await minimise((x) => x.sub(log(x)).sum(1), [[0.02], [30]]);
    expect(status).toEqual(["converged", "converged"]);
    for (const x of position.data()) expect(Math.abs(x - 1)).toBeLessThan(1e-8);
  });

  it("meets the minimum of the gamma function", async () => {
    const { position, value } = await minimise((x) => lgamma(x).sum(1), [[5]]);
    // DLMF 5.4.19: Gamma'(x) = 0 at 1.46163 21449 68362, value 0.88560 31944 10889.
    expect(position.item()).toBeCloseTo(1.461632144968362, 8);
    expect(value[0]).toBeCloseTo(Math.log(0.8856031944108887), 12);
  });

  it("says that it needs more steps, or has nowhere to go", async () => {
    expect((await minimise(rosenbrock, [[-1.2, 1]], { steps: 3 })).status).toEqual(["running"]);
    // max(x, -2 x) has no flat point: the search ends where no step goes down.
    const kink = await minimise((x) => x.maximum(x.mul(-2)).sum(1), [[0.3]]);
    expect(kink.status).toEqual(["stalled"]);
    expect(kink.value[0]).toBeLessThan(1e-6);
  });

  it("refuses starts and options that make no sense", async () => {
    await expect(minimise((x) => log(x).sum(1), [[1], [-1]])).rejects.toThrow("every start needs a finite value, row 1 has NaN");
    await expect(minimise(rosenbrock, array([1, 2]))).rejects.toThrow("start must be f64 of shape [n, D], got f32 [2]");
    await expect(minimise(rosenbrock, [[1, 2]], { memory: 0 })).rejects.toThrow("memory must be an integer >= 1, got 0");
    await expect(minimise(rosenbrock, [[1, 2]], { steps: 0 })).rejects.toThrow("steps must be an integer >= 1, got 0");
  });
});
