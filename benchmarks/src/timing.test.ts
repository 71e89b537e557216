import { expect, test } from "vitest";
import { time } from "./timing.ts";

test("a call of nanoseconds is timed, a million times in a row", async () => {
  let calls = 0;
  const { min, median, max } = await time(() => calls++, { seconds: 0.1 });
  expect(calls).toBeGreaterThan(1e6);
  expect([min, median, max]).toEqual([min, median, max].sort((a, b) => a - b));
  expect(min).toBeGreaterThan(0);
});

test("a promise is waited for", async () => {
  const { min } = await time(() => new Promise((resolve) => setTimeout(resolve, 5)), { seconds: 0.1 });
  expect(min).toBeGreaterThan(0.004);
});

test("a call that throws fails the measurement, at once or later", async () => {
  let calls = 0;
  const throwing = () => {
    if (++calls > 3) throw new Error("out of data");
  };
  await expect(time(throwing, { seconds: 0.1 })).rejects.toThrow("out of data");
  await expect(time(() => Promise.reject(new Error("at once")), { seconds: 0.1 })).rejects.toThrow("at once");
});
