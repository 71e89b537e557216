import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { numbersOf, readDataTable } from "@credence/data";
import { beforeAll, describe, expect, test } from "vitest";
import { featuresOf } from "./features.ts";
import { separationWarning } from "./separation.ts";

/** Numbers in (-1, 1) without pattern. */
const wave = (n: number, phase: number): number[] => Array.from({ length: n }, (_, i) => Math.sin(12.9898 * (i + phase) ** 2));

const features = featuresOf({ a: wave(60, 1), b: wave(60, 500), c: wave(60, 2000) });
const sum = Float64Array.from({ length: 60 }, (_, i) => features.x[3 * i]! + 2 * features.x[3 * i + 1]!);

test("a plane through two features is found where neither separates alone", async () => {
  const words = await separationWarning(
    features,
    sum.map((s) => Number(s > 0.1)),
  );
  expect(words).toContain("the 3 features together tell the two classes apart without an error");
  expect(words).toContain("a prior that you believe");
});

test("one label on the other side of the plane, and nothing is said", async () => {
  const labels = sum.map((s) => Number(s > 0.1));
  const most = sum.indexOf(sum.reduce((a, b) => Math.max(a, b)));
  expect(await separationWarning(features, labels.with(most, 0))).toBeUndefined();
});

test("a feature that separates by itself is named", async () => {
  expect(
    await separationWarning(
      features,
      Float64Array.from({ length: 60 }, (_, i) => Number(features.x[3 * i + 2]! < 0.3)),
    ),
  ).toMatch(/^c tells the two classes apart/);
});

const data = process.env.CREDENCE_DATA ?? resolve(import.meta.dirname, "../../../../shared/data");

describe.skipIf(!existsSync(resolve(data, "regression")))("real classes", () => {
  beforeAll(() => {
    process.env.CREDENCE_DATA = data;
  });

  test("the thirty features of WDBC separate it, as its description says; the ten means do not", async () => {
    const { table } = await readDataTable("wdbc");
    const target = numbersOf(table, "target");
    const of = (names: readonly string[]) => featuresOf(Object.fromEntries(names.map((name) => [name, numbersOf(table, name)])));
    expect(await separationWarning(of(table.columns.slice(0, 30)), target)).toContain("the 30 features together");
    expect(await separationWarning(of(table.columns.slice(0, 10)), target)).toBeUndefined();
  });
});
