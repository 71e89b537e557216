import { array, concat, jvp, program, random, type Tensor } from "@credence/tensor";
import { describe, expect, it } from "vitest";
import { made } from "./made.ts";

const dimension = 4;
const context = 2;

describe.each([true, false])("a masked network, ascending %s", (ascending) => {
  const network = made({ dimension, context, hidden: 24, blocks: 2, outputs: 1, ascending, start: [0] });
  /** |d output / d input| along one input, of x or of the context: [D]. */
  const sensitivity = program((which: Tensor, x: Tensor, c: Tensor) => {
    const params = network.init(random.key(3));
    const [, change] = jvp(
      (a: Tensor, b: Tensor) => network.apply(params, a, b),
      [x, c],
      [which.slice([0, 0], [1, dimension]), which.slice([0, dimension])],
    );
    return change.abs().sum(0);
  });
  const point = [
    [0.3, -0.5, 0.8, 0.1],
    [0.7, -0.2],
  ] as const;
  const unit = (i: number) => Array.from({ length: dimension + context }, (_, k) => (k === i ? 1 : 0));
  const changes = (i: number): number[] => Array.from(sensitivity(array([unit(i)]), array([point[0]]), array([point[1]])).data());

  it("lets every output see the context, the first one too", () => {
    for (let i = dimension; i < dimension + context; i++) for (const change of changes(i)) expect(change).toBeGreaterThan(0);
  });

  it("lets output d see exactly the numbers that come before number d", () => {
    for (let i = 0; i < dimension; i++) {
      changes(i).forEach((change, d) => {
        if (ascending ? i < d : i > d) expect(change).toBeGreaterThan(0);
        else expect(change).toBe(0);
      });
    }
  });

  it("gives number after number what it gives all at once", () => {
    const run = program(() => {
      const params = network.init(random.key(4));
      const x = random.normal(random.key(5), [6, dimension]);
      const c = random.normal(random.key(6), [6, context]);
      const next = network.sequence(params, c, 6);
      const known = (k: number) =>
        k === 0 ? undefined : ascending ? x.slice([0, 0], [6, k]) : x.slice([0, dimension - k], [6, dimension]);
      const columns = Array.from({ length: dimension }, (_, k) => next(known(k)));
      return concat(ascending ? columns : columns.reverse(), 1)
        .sub(network.apply(params, x, c))
        .abs()
        .max();
    });
    // f32: zeros that a mask adds to a sum are left out of it here, which changes its order.
    expect(run().item()).toBeLessThan(1e-6);
  });
});
