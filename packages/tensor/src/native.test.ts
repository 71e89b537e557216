import { expect, test } from "vitest";
import { load, NativeLoadError, planVersion } from "./native.ts";

test("a binary that takes plans of another version is not used, and the error says so for every place that was tried", () => {
  const places: string[] = [];
  const old = (place: string) => {
    places.push(place);
    return { planVersion: () => planVersion - 1 };
  };
  expect(() => load(old)).toThrow(NativeLoadError);
  expect(places).toHaveLength(2);
  expect(() => load(old)).toThrow(`takes plans of version ${planVersion - 1}, expected ${planVersion}; it was built from other sources`);
});

test("the binary that was built here is the first that is found", () => {
  expect(load().planVersion()).toBe(planVersion);
});
