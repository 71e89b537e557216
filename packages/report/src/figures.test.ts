import { expect, test } from "vitest";
import { cornerPlot } from "./corner-plot.ts";
import { coverageCurve } from "./coverage-curve.ts";
import type { Figure } from "./figure.ts";
import { marginalOverlay } from "./marginal-overlay.ts";
import { predictiveFigure } from "./predictive-figure.ts";
import { sbcHistograms } from "./sbc-histograms.ts";
import { trainingCurve } from "./training-curve.ts";

/** A deterministic cloud: golden-ratio sequences, bent so that parameters are correlated. */
const cloud = (rows: number, dimension: number): number[] =>
  Array.from({ length: rows * dimension }, (_, k) => {
    const i = Math.floor(k / dimension);
    const shared = (i * 0.618034) % 1;
    return 0.5 * shared + 0.5 * ((i * (0.754878 + 0.1 * (k % dimension))) % 1) + 0.01;
  });

const names = ["birth rate", "death rate", "immigration", "detection", "carrying capacity"];
const parameters = (dimension: number) => names.slice(0, dimension).map((name) => ({ name, unit: "1/year", low: 0 }));

/** What any figure must be: two SVGs with the size they claim, all ids their own, nothing undefined, no colour that ignores the theme. */
function expectFigure({ wide, narrow, description }: Figure, ...texts: string[]): void {
  for (const svg of [wide, narrow]) {
    const [, width, height] = /^<svg [^>]*width="(\d+)" height="(\d+)"/.exec(svg) ?? [];
    expect(svg).toContain(`viewBox="0 0 ${width} ${height}"`);
    expect(svg).not.toMatch(/NaN|undefined|null|Infinity/);
    const ids = [...svg.matchAll(/ id="([^"]+)"/g)].map((match) => match[1]);
    expect(new Set(ids).size).toBe(ids.length);
    for (const [, id] of svg.matchAll(/url\(#([^)]+)\)/g)) expect(ids).toContain(id);
    for (const [, paint] of svg.matchAll(/(?:fill|stroke)="([^"]+)"/g))
      expect(paint).toMatch(/^(none|transparent|var\(--[\w-]+, #[0-9a-f]{6}\))$/);
    for (const text of texts) expect(svg.replace(/<\/?t(ext|span)[^>]*>/g, " ")).toContain(text);
  }
  const ids = (svg: string) => [...svg.matchAll(/ id="([^"]+)"/g)].map((match) => match[1]!);
  expect(ids(wide).filter((id) => ids(narrow).includes(id))).toEqual([]);
  expect(Number(/width="(\d+)"/.exec(wide)![1])).toBeLessThanOrEqual(736);
  expect(description.length).toBeGreaterThan(10);
}

test.each([1, 2, 3, 5])("a corner plot of %d parameters is drawn at both widths, with oracle and markers", async (dimension) => {
  const figure = await cornerPlot({
    parameters: parameters(dimension),
    samples: { label: "posterior", draws: cloud(600, dimension) },
    oracle: { label: "exact", draws: cloud(500, dimension) },
    markers: [{ label: "published", values: parameters(dimension).map((_, d) => (d === 1 ? null : 0.4)) }],
  });
  expectFigure(figure, "posterior", "exact", "published");
  // Filled regions of 50 % and 90 % for each pair, and as many lines of the oracle.
  const pairs = (dimension * (dimension - 1)) / 2;
  expect(figure.wide.match(/fill-opacity="0.26"/g)?.length ?? 0).toBe(2 * pairs);
  expect(figure.wide.match(/<path (?=[^>]*stroke="var\(--oracle)(?=[^>]*stroke-width="1.5")/g)?.length ?? 0).toBe(2 * pairs);
});

test("the same numbers give the same figure", async () => {
  const spec = { parameters: parameters(2), samples: { label: "posterior", draws: cloud(300, 2) } };
  expect(await cornerPlot(spec)).toEqual(await cornerPlot(spec));
});

test("marginals show prior, posterior and oracle", async () => {
  const set = (label: string) => ({ label, draws: cloud(400, 3) });
  expectFigure(
    await marginalOverlay({ parameters: parameters(3), samples: set("posterior"), oracle: set("exact"), prior: set("prior") }),
    "posterior",
    "exact",
    "prior",
  );
});

test("a calibration histogram has a bar a bin, and uniform ranks have bars of height one", async () => {
  const draws = 99;
  const ranks = Array.from({ length: 400 }, (_, i) => i % 100).flatMap((rank) => [rank, rank]);
  const figure = await sbcHistograms({ parameters: ["a", "b"], ranks, draws, bins: 10 });
  expectFigure(figure, "observed / expected", "relative rank of the truth");
  const heights = [...figure.wide.matchAll(/d="M[\d.,-]+h[\d.]+v([\d.]+)h-[\d.]+Z" fill="var\(--posterior/g)].map((match) => match[1]);
  expect(heights).toHaveLength(20);
  expect(new Set(heights).size).toBe(1);
});

test("coverage, training and predictive figures are drawn", async () => {
  const levels = [0, 0.25, 0.5, 0.75, 1];
  expectFigure(
    await coverageCurve({ replicates: 200, curves: [{ label: "joint", nominal: levels, empirical: levels }] }),
    "joint",
    "credible level",
  );
  expectFigure(
    await trainingCurve({ members: [{ train: [3, 2, 1.5], validation: [3.1, 2.2, 2.3], bestEpoch: 1 }] }),
    "epoch",
    "weights kept",
  );
  const times = [1938, 1940, 1945];
  const simulated = Array.from({ length: 50 }, (_, i) => times.map((_, t) => (i % 5) + 3 * t)).flat();
  for (const scale of ["linear", "log"] as const) {
    const figure = await predictiveFigure({
      times,
      observed: [1, Number.NaN, 6],
      simulated,
      timeLabel: "year",
      valueLabel: "cranes",
      scale,
    });
    expectFigure(figure, "cranes", "year", "observed");
    expect(figure.wide).not.toContain(">1,940<");
  }
});

test.each([
  [
    "draws that are no whole rows",
    () => cornerPlot({ parameters: parameters(2), samples: { label: "posterior", draws: [1, 2, 3] } }),
    "posterior: 3 numbers, expected two or more rows of 2",
  ],
  [
    "a NaN draw",
    () => cornerPlot({ parameters: parameters(1), samples: { label: "posterior", draws: [1, Number.NaN, 3] } }),
    "draw 1 of parameter 0 is NaN",
  ],
  [
    "a marker of another length",
    () =>
      marginalOverlay({
        parameters: parameters(2),
        samples: { label: "p", draws: cloud(9, 2) },
        markers: [{ label: "truth", values: [1] }],
      }),
    "marker truth has 1 values, expected 2",
  ],
  [
    "a rank beyond the draws",
    () => sbcHistograms({ parameters: ["a"], ranks: [0, 5, 11], draws: 10 }),
    "rank 2 is 11, expected an integer in [0, 10]",
  ],
  [
    "a coverage above one",
    () => coverageCurve({ replicates: 10, curves: [{ label: "joint", nominal: [0.5], empirical: [1.5] }] }),
    "joint: level 1.5",
  ],
  [
    "training records of two lengths",
    () => trainingCurve({ members: [{ train: [1], validation: [1, 2] }] }),
    "1 training and 2 validation losses",
  ],
  [
    "times that do not increase",
    () => predictiveFigure({ times: [1, 1], observed: [1, 1], simulated: [1, 1], timeLabel: "t", valueLabel: "n" }),
    "time 1 is 1 after 1",
  ],
  [
    "infinite simulations",
    () => predictiveFigure({ times: [1, 2], observed: [1, 1], simulated: [1, Infinity], timeLabel: "t", valueLabel: "n" }),
    "simulated values at time 2 are not finite",
  ],
  [
    "a log scale without positive values",
    () => predictiveFigure({ times: [1, 2], observed: [0, 0], simulated: [0, 0], timeLabel: "t", valueLabel: "n", scale: "log" }),
    "no value is above 0",
  ],
])("%s are refused by what was given", async (_, draw, words) => {
  await expect(draw()).rejects.toThrow(expect.objectContaining({ name: "RangeError", message: expect.stringContaining(words) }));
});
