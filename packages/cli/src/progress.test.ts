import { expect, test } from "vitest";
import { duration } from "./duration.ts";
import { progressReporter } from "./progress.ts";

/** A stream that keeps what is written, and a clock that is set by hand. */
function bench(terminal: boolean) {
  const written: string[] = [];
  const clock = { now: 0 };
  const reporter = progressReporter({ isTTY: terminal, columns: 60, write: (text: string) => written.push(text) }, () => clock.now);
  return { written, clock, reporter };
}

test("away from a terminal there is a plain line at once and then every five seconds, with rate and time left", () => {
  const { written, clock, reporter } = bench(false);
  for (clock.now = 0; clock.now <= 12; clock.now++) reporter.progress("simulate", 1000 * clock.now, 100_000);
  expect(written).toEqual([
    "simulate   0 of 100,000 (0 %)\n",
    "simulate   5000 of 100,000 (5 %), 1000/s, 1 min 35 s left\n",
    "simulate   10,000 of 100,000 (10 %), 1000/s, 1 min 30 s left\n",
  ]);
});

test("a phase that ends leaves one line with what it did and how fast", () => {
  const { written, clock, reporter } = bench(false);
  reporter.progress("train", 0, 80);
  clock.now = 40;
  reporter.progress("train", 80, 80);
  reporter.progress("train", 80, 80);
  expect(written.slice(1)).toEqual(["train      80 in 40 s, 2/s\n"]);
});

test("a phase that resumes is timed by what it did itself", () => {
  const { written, clock, reporter } = bench(false);
  reporter.progress("simulate", 50_000, 100_000);
  clock.now = 10;
  reporter.progress("simulate", 60_000, 100_000);
  expect(written[1]).toBe("simulate   60,000 of 100,000 (60 %), 1000/s, 40 s left\n");
});

test("a terminal has one live line, redrawn at most ten times a second, never wider than the terminal, and gone when a line is logged", () => {
  const { written, clock, reporter } = bench(true);
  for (let i = 0; i <= 100; i++) {
    clock.now = i / 100;
    reporter.progress("simulate the censuses of a long name indeed", 1000 * i, 1_000_000);
  }
  expect(written.length).toBeGreaterThanOrEqual(10);
  expect(written.length).toBeLessThanOrEqual(11);
  for (const text of written) {
    expect(text.startsWith("\r\u001b[2K")).toBe(true);
    expect(text.length - "\r\u001b[2K".length).toBeLessThan(60);
  }
  written.length = 0;
  reporter.log("note");
  expect(written).toEqual(["\r\u001b[2K", "note\n"]);
  reporter.close();
  expect(written).toHaveLength(2);
});

test.each([
  [0.42, "0.4 s"],
  [9.96, "10 s"],
  [59.4, "59 s"],
  [200, "3 min 20 s"],
  [7500, "2 h 5 min"],
])("%d seconds are %s", (seconds, text) => {
  expect(duration(seconds)).toBe(text);
});
