import { expect, test } from "vitest";
import { numbers, words } from "./options.ts";

test("lists are separated by commas", () => {
  expect(numbers({ batches: "200,4096" }, "batches")).toEqual([200, 4096]);
  expect(words({ flows: "maf" }, "flows", { nsf: 0, maf: 0 })).toEqual(["maf"]);
});

test.each(["0", "-1", "two", "200,,x"])("batches of %s are refused by name", (batches) =>
  expect(() => numbers({ batches }, "batches")).toThrow(/--batches must be positive numbers/),
);

test("an unknown word is refused with the known ones", () =>
  expect(() => words({ flows: "nsf,glow" }, "flows", { nsf: 0, maf: 0 })).toThrow('--flows must be some of nsf, maf, got "glow"'));
