import { describe, expect, test } from "vitest";
import * as t from "../index.ts";
import type { Tensor } from "../tensor.ts";

const doublings = 5;
const [n, dimension] = [2000, 3];

/** A leapfrog step of size 0.4 on a standard normal. */
function leap(state: Tensor) {
  const of = (name: t.NutsVector): Tensor => t.nutsVector(state, name, dimension);
  const step = t.nutsScalar(state, "direction").mul(0.4).expandDims(-1);
  const middle = of("momentum").add(step.mul(0.5).mul(of("force")));
  const position = of("position").add(step.mul(middle));
  const force = position.neg();
  return { position, momentum: middle.add(step.mul(0.5).mul(force)), force, logDensity: position.square().sum(-1).mul(-0.5) };
}
const next = (state: Tensor, number: Tensor, goal: number): Tensor =>
  t.nutsLeaf(state, t.random.fold(t.random.key(3), number), goal, leap(state), doublings);
const start = (): Tensor => {
  const position = t.zeros([n, dimension], "f64");
  return t.nutsAtRest({ position, force: position, logDensity: t.zeros([n], "f64") }, doublings);
};

describe("nutsLeaf", () => {
  test("a loop that works on its rows in place gives the bits of steps one at a time", () => {
    const loop = t.program(() => t.repeat(9, (state: Tensor, i) => next(state, i, 9), start()));
    expect(loop.explain()).toMatch(/nutsLeaf 2000 rows: f64\[2000,\d+\]@(\S+),.* -> f64\[2000,\d+\]@\1/);
    const one = t.program((state: Tensor, i: Tensor) => next(state, i, 9));
    let state = t.program(start)();
    for (let i = 0; i < 9; i++) state = one(state, t.array(Int32Array.of(i), { shape: [] }));
    expect(loop().data()).toEqual(state.data());
  });

  test("new momenta are standard normal, and either direction is as likely", () => {
    const out = t.program(() => {
      const first = next(start(), t.cast(0, "i32"), 9);
      const second = next(first, t.cast(1, "i32"), 9);
      const p = t.nutsVector(first, "momentum", dimension);
      const going = t.nutsScalar(second, "done").less(0.5).cast("f64");
      return [p.mean(), p.square().mean(), p.square().square().mean(), t.nutsScalar(second, "direction").mul(going).sum(), going.sum()];
    })();
    const [mean, square, fourth, forwards, going] = out.map((x) => x.item()) as [number, number, number, number, number];
    // Standard errors of 6,000 draws: 0.013, 0.018 and 0.126; of a sum of signs the root of their number.
    expect(Math.abs(mean)).toBeLessThan(4 * 0.013);
    expect(Math.abs(square - 1)).toBeLessThan(4 * 0.018);
    expect(Math.abs(fourth - 3)).toBeLessThan(4 * 0.126);
    expect(going).toBeGreaterThan(1000);
    expect(Math.abs(forwards)).toBeLessThan(4 * Math.sqrt(going));
  });

  test("a chain that has made its transitions rests where it is", () => {
    const end = t.program(() => t.repeat(40, (state: Tensor, i) => next(state, i, 1), start()))();
    const read = t.program((state: Tensor) => [
      t.nutsScalar(state, "count"),
      t.nutsScalar(state, "direction"),
      t.nutsScalar(state, "steps"),
    ]);
    const [count, direction, steps] = read(end).map((x) => [...x.data()]) as [number[], number[], number[]];
    expect(new Set(count)).toEqual(new Set([1]));
    expect(new Set(direction)).toEqual(new Set([0]));
    expect(new Set(steps)).toEqual(new Set([0]));
  });

  test("a step that no longer is a number ends the transition, which stays where it began", () => {
    const state = t.program(() => {
      const begun = next(start(), t.cast(0, "i32"), 9);
      const at = { ...leap(begun), logDensity: t.zeros([n], "f64").add(Number.NaN) };
      const end = t.nutsLeaf(begun, t.random.key(1), 1, at, doublings);
      return [t.nutsScalar(end, "diverging").min(), t.nutsVector(end, "proposalPosition", dimension).abs().max()];
    })();
    expect(state.map((x) => x.item())).toEqual([1, 0]);
  });

  test("rows that are not of the length asked for are refused", () => {
    const length = t.nutsRowLength(dimension, 6);
    expect(() =>
      t.program((state: Tensor) => next(state, t.cast(0, "i32"), 1))(t.array(new Float64Array(length), { shape: [1, length] })),
    ).toThrow(`nutsLeaf: expected rows of [1, ${t.nutsRowLength(dimension, doublings)}], got [1, ${length}]`);
  });
});
