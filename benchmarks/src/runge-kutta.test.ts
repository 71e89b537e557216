import { type NdArray, neg, ones, program } from "@credence/tensor";
import { expect, test } from "vitest";
import { rungeKutta } from "./runge-kutta.ts";

test("an oscillator is followed to fourth order", () => {
  const path = program(() =>
    rungeKutta(([y, v]) => [v!, neg(y!)], [ones([1], "f64"), ones([1], "f64")], { times: 4, steps: 10, step: 0.1 }),
  );
  const [position, velocity] = path() as NdArray[];
  for (let k = 0; k < 4; k++) {
    // y = cos t + sin t, of amplitude sqrt 2; the phase errs by t h^4 / 120.
    const bound = 1e-12 + (Math.SQRT2 * k * 0.1 ** 4) / 110;
    expect(Math.abs(position!.data()[k]! - (Math.cos(k) + Math.sin(k)))).toBeLessThan(bound);
    expect(Math.abs(velocity!.data()[k]! - (Math.cos(k) - Math.sin(k)))).toBeLessThan(bound);
  }
});
