import { exponential, normal, uniform } from "@credence/core";
import { expect, test } from "vitest";
import { birthDeathParameters } from "./model.ts";

test("the three rates have units, bounds and the default priors", () => {
  const parameters = birthDeathParameters();
  expect(parameters.names).toEqual(["birthRate", "deathRate", "immigrationRate"]);
  expect(parameters.units).toEqual(["1/year", "1/year", "individuals/year"]);
  expect(parameters.bounds).toEqual([
    { low: 0, high: 1 },
    { low: 0, high: 1 },
    { low: 0, high: 5 },
  ]);
});

test("a prior may be changed one rate at a time", () => {
  expect(birthDeathParameters({ immigrationRate: uniform(0, 20) }).bounds[2]).toEqual({ low: 0, high: 20 });
});

test.each([
  ["an interval below zero", uniform(-0.5, 1), "got uniform on [-0.5, 1]"],
  ["the real line", normal(0.2, 0.1), "got normal on real"],
  ["all positive numbers", exponential(2), "got exponential on positive"],
])("a prior on %s is refused", (_, prior, got) => {
  expect(() => birthDeathParameters({ deathRate: prior })).toThrow(
    `the prior of deathRate must lie on a finite interval in [0, ∞), such as uniform(0, 2), ${got}`,
  );
});
