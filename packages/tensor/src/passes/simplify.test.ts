import { describe, expect, test } from "vitest";
import * as t from "../index.ts";
import type { Tensor } from "../tensor.ts";

const f64 = (...values: number[]): t.NdArray => t.array(Float64Array.from(values));
/** Instructions before and inside the first loop of a plan. */
const aroundLoop = (plan: string): [before: string, inside: string] => {
  const lines = plan.split("# fused").at(-1)!.split("\n");
  const at = lines.findIndex((line) => /^(repeat|while)/.test(line));
  return [lines.slice(0, at).join("\n"), lines.slice(at + 1).join("\n")];
};

describe("what every turn of a loop would compute alike", () => {
  const data = f64(0.5, 2, 3, 7);

  test("is computed once before it, where it costs more than a load", () => {
    const f = t.program((x: Tensor) => t.repeat(3, (c: Tensor) => c.mul(0.5).add(t.lgamma(t.add(data, 1))), x));
    const [before, inside] = aroundLoop(f.explain(f64(0, 0, 0, 0)));
    expect(before).toContain("lgamma");
    expect(inside).not.toContain("lgamma");
    // c -> c / 2 + g, three times from 0, is 1.75 g.
    const g = t
      .program(() => t.lgamma(t.add(data, 1)).mul(1.75))()
      .data();
    f(f64(0, 0, 0, 0))
      .data()
      .forEach((value, i) => {
        expect(value).toBeCloseTo(g[i]!, 13);
      });
  });

  test("stays where arithmetic is as fast as a load, or a view of what is dear", () => {
    const cheap = t.program((x: Tensor) => t.repeat(3, (c: Tensor) => c.add(t.mul(data, 2)), x));
    expect(aroundLoop(cheap.explain(f64(0, 0, 0, 0)))[1]).toContain("mul");
    // log of 4 numbers, not of the 3 x 4 that they are stretched to.
    const spread = t.program((x: Tensor) => t.repeat(3, (c: Tensor) => c.add(t.log(data).broadcastTo([3, 4]).mul(2)), x));
    const [before, inside] = aroundLoop(spread.explain(t.array(new Float64Array(12), { shape: [3, 4] })));
    expect(before).toMatch(/cluster \[4\].*log/);
    expect(inside).toContain("mul");
  });

  test("leaves two loops at once, and a loop of unknown length", () => {
    const nested = t.program((x: Tensor) =>
      t.repeat(2, (outer: Tensor) => t.repeat(2, (c: Tensor) => c.add(t.exp(data)).add(t.tanh(outer)), outer), x),
    );
    const [before, inside] = aroundLoop(nested.explain(f64(0, 0, 0, 0)));
    expect([before.includes("exp"), inside.includes("exp"), inside.includes("tanh")]).toEqual([true, false, true]);
    const [outer, inner] = aroundLoop(inside.replaceAll(/^ {2}/gm, ""));
    expect([outer.includes("tanh"), inner.includes("tanh")]).toEqual([true, false]);

    const long = t.program((x: Tensor) =>
      t.whileLoop<Tensor>(
        (c) => t.any(t.less(c, 100)),
        (c) => c.add(t.exp(data)),
        x,
      ),
    );
    expect(aroundLoop(long.explain(f64(0, 0, 0, 0)))[0]).toContain("exp");
    const turns = Math.ceil(100 / Math.exp(0.5));
    expect(long(f64(0, 0, 0, 0)).data()[1]!).toBeCloseTo(turns * Math.exp(2), 9);
  });

  test("a wrong index is no error of a loop that takes no turn", () => {
    const f = t.program((x: Tensor, at: Tensor) =>
      t.whileLoop<Tensor>(
        (c) => t.less(c, 0),
        (c) => c.add(t.exp(t.take(data, at))).sum(),
        x,
      ),
    );
    expect(f(t.array(1, { dtype: "f64" }), t.array(Int32Array.of(9))).item()).toBe(1);
  });

  test("derivatives through a loop are the same", () => {
    const f = (c: Tensor): Tensor => t.sum(t.repeat(4, (s: Tensor) => t.tanh(s.mul(t.log(data))), c));
    const slope = t
      .program((x: Tensor): Tensor => t.grad(f)(x))(f64(0.1, 0.2, 0.3, 0.4))
      .data();
    const value = t.program(f);
    [0.1, 0.2, 0.3, 0.4].forEach((at, i) => {
      const moved = (h: number) => value(f64(...[0.1, 0.2, 0.3, 0.4].with(i, at + h))).item();
      expect(slope[i]!).toBeCloseTo((moved(1e-5) - moved(-1e-5)) / 2e-5, 8);
    });
  });
});

test("a sign is changed behind a sum or product, where there are fewer numbers", () => {
  const x = t.array(
    Float64Array.from({ length: 12 }, (_, i) => Math.sin(i)),
    { shape: [3, 4] },
  );
  const f = t.program((v: Tensor) => ({ sum: t.sum(v.neg()), rows: t.matmul(v.exp().neg(), t.constant([[1], [2], [3], [4]], "f64")) }));
  const plan = f.explain(x).split("# simplified")[1]!.split("# fused")[0]!;
  expect(plan).not.toMatch(/f64\[3, 4\] = neg/);
  const plain = t.program((v: Tensor) => ({ sum: t.sum(v), rows: t.matmul(v.exp(), t.constant([[1], [2], [3], [4]], "f64")) }))(x);
  const negative = f(x);
  expect(negative.sum.item()).toBe(-plain.sum.item());
  expect([...negative.rows.data()]).toEqual([...plain.rows.data()].map((value) => -value));
});

describe("derivatives of slices", () => {
  const value = (x: Tensor): Tensor => {
    const [a, , c] = t.split(x, [1, 2, 3], -1) as [Tensor, Tensor, Tensor];
    return t.sum(t.exp(a).mul(c.square().sum(-1, true)));
  };

  test("lie side by side, with zeros where no slice was taken", () => {
    const f = t.program((x: Tensor): Tensor => t.grad(value)(x));
    const x = t.array([[0.5, 9, 9, 1, 2, 3]], { dtype: "f64" });
    const plan = f.explain(x);
    expect(plan.split("# simplified")[1]!.split("# fused")[0]!.match(/pad/g)).toBeNull();
    const e = Math.exp(0.5);
    expect([...f(x).data()]).toEqual([14 * e, 0, 0, 2 * e, 4 * e, 6 * e].map((v) => expect.closeTo(v, 12)));
  });

  test("are added where they overlap", () => {
    const f = t.program((x: Tensor): Tensor => t.grad((v: Tensor) => t.sum(v.slice([0], [3]).square()).add(t.sum(v.slice([2], [4]))))(x));
    expect([...f(f64(1, 2, 3, 4)).data()]).toEqual([2, 4, 7, 1]);
  });

  test("along two axes keep their frames", () => {
    const f = t.program(
      (x: Tensor): Tensor => t.grad((v: Tensor) => t.sum(v.slice([0, 0], [1, 1])).add(t.sum(v.slice([1, 1], [2, 2]).mul(3))))(x),
    );
    expect([
      ...f(
        t.array(
          [
            [1, 2],
            [3, 4],
          ],
          { dtype: "f64" },
        ),
      ).data(),
    ]).toEqual([1, 0, 0, 3]);
  });
});
