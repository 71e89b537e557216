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

test("an integral that starts anew keeps its digits where it is small", () => {
  // The integral of e^-5t over intervals of length 1: (1 - e^-5) e^(-5 k) / 5, down to 1e-17 of the first.
  const path = program(() =>
    rungeKutta(([y]) => [y!.mul(-5), y!], [ones([1], "f64"), ones([1], "f64").mul(0)], {
      times: 9,
      steps: 100,
      step: 0.01,
      restart: ([y, integral]) => [y!, integral!.mul(0)],
    }),
  );
  const [, integrals] = path() as NdArray[];
  for (let k = 1; k < 9; k++) {
    const exact = ((1 - Math.exp(-5)) * Math.exp(-5 * (k - 1))) / 5;
    // A step of 0.01 errs by 0.05^5 / 120 of the rate, a hundred times an interval, in y and its integral alike.
    expect(Math.abs(integrals!.data()[k]! / exact - 1)).toBeLessThan(k * 6e-7);
  }
});
