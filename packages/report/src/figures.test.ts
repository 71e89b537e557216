import { expect, test } from "vitest";
import type { ChainDraws } from "./chain-draws.ts";
import { cornerPlot } from "./corner-plot.ts";
import { coverageCurve } from "./coverage-curve.ts";
import { diagnosticsSection } from "./diagnostics-section.ts";
import { ecdfFigure } from "./ecdf-figure.ts";
import { elboCurve } from "./elbo-curve.ts";
import { ellipseFigure } from "./ellipse-figure.ts";
import { energyPlot } from "./energy-plot.ts";
import type { Figure } from "./figure.ts";
import { forestPlot } from "./forest-plot.ts";
import { kHatPlot } from "./k-hat-plot.ts";
import { marginalOverlay } from "./marginal-overlay.ts";
import { pairPlot } from "./pair-plot.ts";
import { pathFigure } from "./path-figure.ts";
import { pointMap } from "./point-map.ts";
import { predictiveFigure } from "./predictive-figure.ts";
import { rankPlot } from "./rank-plot.ts";
import { sbcHistograms } from "./sbc-histograms.ts";
import { tracePlot } from "./trace-plot.ts";
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

const values = (shape: number[], at: (i: number) => number) => ({
  shape,
  data: () => Float64Array.from({ length: shape.reduce((n, m) => n * m) }, (_, i) => at(i)),
});

/** Chains of golden-ratio sequences; chain 1 is moved by `apart`, transitions of low theta[1] diverge. */
function chains({ count = 4, length = 300, apart = 0, energies = true } = {}): ChainDraws {
  const names = ["mu", "theta[1]", "theta[2]", "one"];
  const at = (s: number, d: number) => (d === 3 ? 1 : ((s * (0.618034 + 0.1 * d)) % 1) + 0.5 * ((s * 0.754878) % 1));
  return {
    names,
    draws: values([count, length, 4], (i) => at(i >> 2, i % 4) + (Math.floor(i / 4 / length) === 1 && i % 4 === 0 ? apart : 0)),
    stats: {
      diverging: values([count, length], (s) => (at(s, 1) < 0.2 ? 1 : 0)),
      ...(energies && { energy: values([count, length], (s) => 10 + 5 * at(s, 2)) }),
    },
    warnings: ["2 of 1200 transitions diverged."],
  };
}

test("figures of chains leave out what is constant, and are drawn at both widths", async () => {
  expectFigure(await tracePlot({ draws: chains() }), "mu", "theta[2]", "chain 4", "divergent", "draw");
  expectFigure(await rankPlot({ draws: chains() }), "observed / expected", "relative rank", "chain 1");
  expectFigure(await pairPlot({ draws: chains() }), "theta[1]", "draws");
  for (const { wide } of [await tracePlot({ draws: chains() }), await pairPlot({ draws: chains() })]) expect(wide).not.toContain(">one<");
  // 1,024 chains are drawn as four.
  const many = await tracePlot({ draws: chains({ count: 64, length: 20 }) });
  expectFigure(many, "chain 4");
  expect(many.wide).not.toContain("chain 5");
});

test("a pair plot marks every divergent draw and no other", async () => {
  const draws = chains();
  const divergent = Array.from(draws.stats.diverging!.data()).filter(Boolean).length;
  expect(divergent).toBeGreaterThan(20);
  const { wide, description } = await pairPlot({ draws, names: ["mu", "theta[1]"] });
  const dots = / d="((?:M[\d.]+,[\d.]+h0)+)"[^>]*stroke="var\(--oracle/.exec(wide)![1]!;
  // The axes leave out 0.4 % at either end of each quantity, and may cut a divergent draw.
  const drawn = dots.match(/h0/g)!.length;
  expect(drawn).toBeLessThanOrEqual(divergent);
  expect(drawn).toBeGreaterThan(0.8 * divergent);
  expect(description).toContain(`${divergent} of them divergent`);
});

test("a chain that sits elsewhere leaves the band of the rank plot", async () => {
  const heights = ({ wide }: Figure) => Math.max(...[...wide.matchAll(/>([\d.]+)<\/text>/g)].map((match) => Number(match[1])));
  expect(heights(await rankPlot({ draws: chains({ apart: 5 }), names: ["mu"] }))).toBeGreaterThan(
    heights(await rankPlot({ draws: chains(), names: ["mu"] })),
  );
});

test("E-BFMI stands above each chain's energies, as the ratio of mean squares", async () => {
  // Energies 0, 1, 0, 1, ...: mean 1/2, squares 1/4 each of 40, and 39 changes of 1.
  const flat = { ...chains({ count: 1, length: 40 }), stats: { energy: values([1, 40], (t) => t % 2) } };
  expectFigure(await energyPlot({ draws: flat }), "chain 1, E-BFMI 3.90", "energy (nats)");
});

test("forest, ELBO, k-hat and ellipse figures are drawn", async () => {
  const sets = ["exact", "mean-field"].map((label) => ({ label, draws: cloud(200, 2) }));
  expectFigure(
    await forestPlot({
      names: ["slope", "level"],
      sets,
      markers: [{ label: "truth", values: [0.4, null] }],
      reference: 0,
      valueLabel: "mpg",
    }),
    "slope",
    "mean-field",
    "truth",
    "mpg",
  );
  const elbo = Array.from({ length: 50 }, (_, i) => -10 - 20 / (1 + i));
  expectFigure(
    await elboCurve({ fits: [{ label: "full-rank", elbo: [Number.NEGATIVE_INFINITY, ...elbo] }], logEvidence: -10 }),
    "ELBO (nats)",
    "log evidence",
    "full-rank",
  );
  expectFigure(
    await kHatPlot({ kHat: [0.1, 0.9, Number.NEGATIVE_INFINITY, Infinity], threshold: 0.7, names: ["a", "bee", "c", "dee"] }),
    "k-hat",
    "bee",
    "dee",
  );
  const parameters = [{ name: "slope" }, { name: "level", unit: "mpg" }] as const;
  const figure = await ellipseFigure({
    parameters,
    exact: {
      label: "exact",
      mean: [0, 0],
      covariance: [
        [1, -0.9],
        [-0.9, 1],
      ],
    },
    approximation: {
      label: "mean-field",
      mean: [0, 0],
      covariance: [
        [0.19, 0],
        [0, 0.19],
      ],
    },
  });
  expectFigure(figure, "mean-field, correlation 0", "exact, correlation −0.90", "level (mpg)");
});

test("values that are uniform stay at zero, and others leave it to the side that they are on", async () => {
  const even = Array.from({ length: 99 }, (_, i) => (i + 1) / 100);
  const figure = await ecdfFigure({
    sets: [
      { label: "right", values: even },
      { label: "narrow", values: even.map((u) => (u < 0.5 ? u ** 2 : 1 - (1 - u) ** 2)) },
    ],
    valueLabel: "LOO-PIT",
  });
  expectFigure(figure, "99 % band if uniform", "LOO-PIT", "narrow");
});

test("a section of diagnostics has the warnings, the table and five figures, and three without energies and a family", async () => {
  const summaries = ["mu", "theta[1]"].map((name) => ({
    name,
    mean: 1,
    sd: 2,
    q05: -1,
    q95: 3,
    rHat: 1.003,
    essBulk: 812.4,
    essTail: 500,
    mcseMean: 0.01,
  }));
  const full = await diagnosticsSection({ draws: chains(), summaries, forestLabel: "effect" });
  expect(full.figures!.map(({ figure }) => figure.description.split(" ")[0])).toEqual(["Traces", "Rank", "Energies", "Intervals", "Draws"]);
  expect(full.paragraphs![0]).toBe("4 chains of 300 draws; R-hat is at most 1.003 (`mu`); the smallest effective size is 500 (`mu`).");
  expect(full.paragraphs![1]).toBe("*Warning.* 2 of 1200 transitions diverged.");
  expect(full.tables![0]!.rows[0]).toEqual(["mu", 1, 2, -1, 3, 0.01, "1.003", 812, 500]);
  const { warnings: _, ...quiet } = chains({ energies: false });
  const small = await diagnosticsSection({ draws: quiet, summaries, forest: [] });
  expect(small.figures).toHaveLength(3);
  expect(small.paragraphs![0]).toMatch(/No check raised a warning\.$/);
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
    "a quantity that is not there",
    () => tracePlot({ draws: chains(), names: ["sigma"] }),
    "the draws have no quantity sigma; they have mu, theta[1]",
  ],
  [
    "draws of another shape",
    () => pairPlot({ draws: { ...chains(), names: ["a"] } }),
    "draws have shape [4, 300, 4], expected [chains, draws, 1]",
  ],
  ["ranks of one chain", () => rankPlot({ draws: chains({ count: 1 }) }), "a rank plot compares chains: there is one"],
  ["energies that are not there", () => energyPlot({ draws: chains({ energies: false }) }), 'no statistic "energy"; they have diverging'],
  [
    "a statistic of another shape",
    () => energyPlot({ draws: { ...chains(), stats: { energy: values([2, 3], () => 0) } } }),
    "energy has shape [2, 3], expected [4, 300]",
  ],
  ["a forest without draws", () => forestPlot({ names: ["a"], sets: [] }), "got 1 names and 0 sets"],
  [
    "a value that is no probability",
    () => ecdfFigure({ sets: [{ label: "PIT", values: [0, 0.1, 0.5, 0.9, 1.1] }], valueLabel: "u" }),
    "PIT: value 4 is 1.1",
  ],
  ["one value of an ELBO", () => elboCurve({ fits: [{ label: "full-rank", elbo: [1] }] }), "full-rank: 1 values of the ELBO"],
  ["a k-hat that is NaN", () => kHatPlot({ kHat: [0, Number.NaN], threshold: 0.7 }), "k-hat of datum 1 is NaN"],
  [
    "a covariance that is not positive definite",
    () => {
      const flat = {
        label: "exact",
        mean: [0, 0],
        covariance: [
          [1, 1],
          [1, 1],
        ],
      } as const;
      return ellipseFigure({ parameters: [{ name: "a" }, { name: "b" }], exact: flat, approximation: flat });
    },
    "exact: expected a symmetric positive definite covariance",
  ],
  [
    "a log scale without positive values",
    () => predictiveFigure({ times: [1, 2], observed: [0, 0], simulated: [0, 0], timeLabel: "t", valueLabel: "n", scale: "log" }),
    "no value is above 0",
  ],
])("%s are refused by what was given", async (_, draw, words) => {
  await expect(draw()).rejects.toThrow(expect.objectContaining({ name: "RangeError", message: expect.stringContaining(words) }));
});

test("a map shows each place in a panel a quantity, and refuses values that are none", async () => {
  const [x, y] = [Array.from({ length: 30 }, (_, i) => i % 6), Array.from({ length: 30 }, (_, i) => Math.floor(i / 6))];
  const spec = { x, y, unit: "mm", xLabel: "x [mm]", yLabel: "y [mm]" };
  const panels = [
    { title: "displacement", values: x.map((v) => v - 2.5) },
    { title: "residual", values: y.map((v) => 2 - v) },
  ];
  const figure = await pointMap({ ...spec, panels });
  expectFigure(figure, "displacement", "residual", "2.5 mm", "x [mm]");
  expect(figure.wide.match(/fill-opacity/g)!.length).toBeGreaterThanOrEqual(60);
  await expect(pointMap({ ...spec, panels: [{ title: "short", values: [1] }] })).rejects.toThrow("short: 1 values for 30 places");
  await expect(pointMap({ ...spec, panels: [{ title: "open", values: x.map(() => Number.NaN) }] })).rejects.toThrow("open: value 0 is NaN");
});

test("paths are drawn with bands, levels and moments, and refuse bands of other lengths", async () => {
  const values = [3, 2, 1.5, 1.2, 1.1];
  const band = { low: values.map((v) => v - 0.3), high: values.map((v) => v + 0.3) };
  const spec = {
    stepLabel: "readings",
    panels: [
      { title: "stiffness", paths: [{ label: "mean and 90 %", values, ...band }], levels: [{ label: "truth", value: 1 }] },
      { title: "evidence", paths: [{ label: "of a change", values }], moments: [{ label: "change", at: 3 }] },
    ],
  };
  expectFigure(await pathFigure(spec), "stiffness", "truth", "of a change", "readings");
  const short = { ...spec, panels: [{ title: "a", paths: [{ label: "b", values, low: [1], high: band.high }] }] };
  await expect(pathFigure(short)).rejects.toThrow("a: the band of b has 1 steps for 5");
});
