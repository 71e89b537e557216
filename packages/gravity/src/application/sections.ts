import {
  diagnosticsSection,
  formatEstimate,
  formatNumber,
  marginalOverlay,
  pointMap,
  type ReportSection,
  type ReportTable,
  sbcHistograms,
} from "@credence/report";
import type { ResidualChecks } from "../check/residual-checks.ts";
import { type Bodies, diagnosticsOf } from "./bodies.ts";
import type { Calibration } from "./calibrate.ts";
import { type Cell, cellsOf } from "./cells.ts";
import type { Chosen, Ground } from "./ground.ts";
import type { Survey } from "./survey.ts";

/** Lengths as figures show them: a survey of more than 20 km in kilometres. */
function lengthsOf({ mesh: { eastings } }: Survey) {
  const [unit, size] = eastings.at(-1)! - eastings[0]! > 20_000 ? ["km", 1000] : ["m", 1];
  return {
    unit,
    size,
    labels: { xLabel: `easting (${unit})`, yLabel: `northing (${unit})` },
    say: (metres: number): string => String(Math.round(metres / size)).replace("-", "−"),
  };
}

const pick = (values: Float64Array, indices: readonly number[]): number[] => indices.map((i) => values[i]!);

/** Layers of cells to show, at most four, the uppermost first. */
function layersOf(
  { say, unit }: ReturnType<typeof lengthsOf>,
  cells: readonly Cell[],
  weights: Float64Array | undefined,
): { readonly title: string; readonly indices: number[] }[] {
  const layers = new Map<number, number[]>();
  cells.forEach(({ at }, i) => {
    if (weights && weights[i]! < 0.5) return;
    layers.set(at[0], [...(layers.get(at[0]) ?? []), i]);
  });
  const all = [...layers.values()].reverse();
  const step = Math.max(1, Math.ceil(all.length / 4));
  return all
    .filter((_, k) => k % step === Math.min(step - 1, 1))
    .slice(0, 4)
    .map((indices) => {
      const { upward, height } = cells[indices[0]!]!;
      return { title: `${say(upward - height / 2)} to ${say(upward + height / 2)} ${unit}`, indices };
    });
}

export async function groundSection(survey: Survey, ground: Ground): Promise<ReportSection> {
  const cells = cellsOf(survey.mesh);
  const lengths = lengthsOf(survey);
  const { unit, size, labels } = lengths;
  const layers = layersOf(lengths, cells, survey.weights);
  const { indices } = layers[0]!;
  const x = indices.map((i) => cells[i]!.easting / size);
  const y = indices.map((i) => cells[i]!.northing / size);
  const { eastings, northings, upwards } = survey.mesh;
  const side = (planes: Float64Array): number => (planes[1]! - planes[0]!) / size;
  const cell = [side(eastings), side(northings)] as const;
  const level = Array.from(upwards.slice(1), (top, k) => top - upwards[k]!).every(
    (thickness) => Math.abs(thickness / size - side(upwards)) < 1e-3,
  );
  const strongest = ground.mean.reduce((most, value, i) => (Math.abs(value) > Math.abs(ground.mean[most]!) ? i : most), 0);
  const row = cells[strongest]!.at[1];
  const section = cells.flatMap(({ at }, i) => (at[1] === row ? [i] : []));
  const panelsOf = (values: Float64Array) => layers.map((layer) => ({ title: layer.title, values: pick(values, layer.indices) }));
  return {
    heading: "What lies there",
    paragraphs: [
      `Density contrast of ${cells.length} cells, in the mean over the posterior. Gravity alone sees sums over many cells: bodies come out smoother, fainter and wider than they are, and cells near the stations take part of what lies deeper.`,
    ],
    figures: [
      {
        figure: await pointMap({ x, y, cell, panels: panelsOf(ground.mean), unit: "kg/m³", ...labels }),
        caption: "Posterior mean by layer, seen from above; heights above the zero of the survey.",
      },
      {
        figure: await pointMap({
          x: section.map((i) => cells[i]!.easting / size),
          y: section.map((i) => cells[i]!.upward / size),
          panels: [
            { title: "posterior mean", values: pick(ground.mean, section) },
            { title: "posterior sd", values: pick(ground.sd, section) },
          ],
          unit: "kg/m³",
          xLabel: labels.xLabel,
          yLabel: `height (${unit})`,
          ...(level && { cell: [side(eastings), side(upwards)] as const }),
        }),
        caption: `A vertical section from west to east at northing ${lengths.say(cells[strongest]!.northing)} ${unit}, through the strongest contrast.`,
      },
      {
        figure: await pointMap({ x, y, cell, panels: panelsOf(ground.sd), unit: "kg/m³", ...labels }),
        caption: "Posterior sd: what is still unknown of each cell.",
      },
      {
        figure: await pointMap({ x, y, cell, panels: panelsOf(ground.resolution), unit: "", ...labels }),
        caption:
          "Resolution: the share of a cell's own contrast that its estimate shows. 1 would be seen alone; the sum over all cells is the number of combinations that the data fix.",
      },
    ],
  };
}

export async function dataSection(survey: Survey, ground: Ground, checks: ResidualChecks, noiseSd: number): Promise<ReportSection> {
  const { size, labels } = lengthsOf(survey);
  const scaled = (values: ArrayLike<number>): number[] => Array.from(values, (value) => value / size);
  const { eastings, northings } = survey.stations;
  const residual = survey.data.map((value, i) => value - ground.predicted[i]!);
  const local = survey.data.map((value, i) => value - ground.regional[i]!);
  const p = (value: number): string => (value < 0.001 ? "< 0.001" : value.toFixed(3));
  const rows: [string, number, string, string][] = [
    [
      "chi-square per datum, mean over draws",
      checks.chiSquarePerDatum.value,
      p(checks.chiSquarePerDatum.pValue),
      "1 where noise and model are right",
    ],
    [
      "distance of the data from the prior's",
      checks.priorMisfit.value,
      p(checks.priorMisfit.pValue),
      "1 where prior and regional are right",
    ],
    ...(checks.moran
      ? [
          ["Moran's I of residuals", checks.moran.value, p(checks.moran.pValue), "near 0 where nothing smooth is missing"] as [
            string,
            number,
            string,
            string,
          ],
        ]
      : []),
    [
      "largest reading off its neighbours' prediction, sd",
      checks.outlier.value,
      p(checks.outlier.pValue),
      `station ${checks.outlier.station + 1}`,
    ],
    [
      "distance of left-out probabilities from uniform",
      checks.calibration.value,
      p(checks.calibration.pValue),
      "small where predictions are calibrated",
    ],
  ];
  return {
    heading: "Does it predict the data?",
    paragraphs: [
      `Residuals are compared with those of data sets simulated from the model and fitted alike; the sd of the noise is ${formatNumber(noiseSd, 2)} mGal.`,
      ...(checks.findings.length > 0
        ? checks.findings.map((finding) => `*Found:* ${finding}.`)
        : ["Nothing was found that speaks against the model."]),
    ],
    figures: [
      {
        figure: await pointMap({
          x: scaled(eastings),
          y: scaled(northings),
          panels: [
            { title: survey.regionalOrder === undefined ? "data" : "data less regional", values: local },
            { title: "residuals", values: residual },
          ],
          unit: "mGal",
          ...labels,
        }),
        caption: "Gravity, down, at the stations, and what the posterior mean leaves of it. Each panel has its own scale.",
      },
    ],
    tables: [{ columns: [{ label: "check" }, { label: "value" }, { label: "p-value" }, { label: "" }], rows }],
  };
}

export const evidenceSection = (candidates: readonly Chosen[]): ReportSection => ({
  heading: "How smooth, how strong, how noisy?",
  paragraphs: [
    "The evidence, the probability of the data under each choice, decides between ranges, sds of the contrast and sds of the noise; the best is used.",
  ],
  tables: [
    {
      columns: [
        { label: "range", unit: "m" },
        { label: "sd", unit: "kg/m³" },
        { label: "noise sd", unit: "mGal" },
        { label: "log evidence", unit: "nats" },
      ],
      rows: candidates
        .slice(0, 6)
        .map(({ range, sd, noiseSd, logEvidence }) => [range, sd, Number(noiseSd.toPrecision(2)), logEvidence.toFixed(2)]),
    },
  ],
});

/** Columns of draws by the names of the quantities. */
export const quantityDraws = (values: Float64Array, width: number, q: number): Float64Array =>
  Float64Array.from({ length: values.length / width }, (_, i) => values[i * width + q]!);

export async function oracleSection(survey: Survey, main: Ground, oracle: Ground): Promise<ReportSection> {
  const width = survey.quantities.length;
  const row = (ground: Ground, q: number): string => {
    const values = quantityDraws(ground.quantities, width, q);
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const sd = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1));
    return formatEstimate(mean, sd);
  };
  const truths = survey.quantities.some(({ truth }) => truth !== undefined);
  const table: ReportTable = {
    columns: [
      { label: "quantity" },
      { label: "unit" },
      { label: main.label },
      { label: oracle.label },
      ...(truths ? [{ label: "truth" }] : []),
    ],
    rows: survey.quantities.map(({ label, unit, truth }, q) => [
      label,
      unit,
      row(main, q),
      row(oracle, q),
      ...(truths ? [truth === undefined ? null : Number(truth.toPrecision(3))] : []),
    ]),
  };
  return {
    heading: "Does it agree with the exact answer?",
    paragraphs: [
      `The low-rank posterior follows the directions in which the data say more than noise; the exact one factorises the covariance of all data. Log evidence: ${main.logEvidence.toFixed(3)} and ${oracle.logEvidence.toFixed(3)} nats.`,
    ],
    figures: [
      {
        figure: await marginalOverlay({
          parameters: survey.quantities.map(({ label, unit }) => ({ name: label, unit })),
          samples: { label: main.label, draws: main.quantities },
          oracle: { label: oracle.label, draws: oracle.quantities },
          ...(truths && { markers: [{ label: "truth", values: survey.quantities.map(({ truth }) => truth ?? null) }] }),
        }),
        caption: "Quantities that are sums over cells, by both methods.",
      },
    ],
    tables: [table],
  };
}

export async function bodiesSection(bodies: Bodies): Promise<ReportSection> {
  const { heading: _, ...chains } = await diagnosticsSection({
    draws: bodies.draws,
    summaries: diagnosticsOf(bodies),
    names: ["blockEasting", "blockTop", "blockContrast", "ballUpward", "ballRadius", "ballContrast"],
    forest: [],
  });
  return {
    heading: "If it is a block and a ball",
    paragraphs: [
      "Shapes that are assumed make the answer sharp: a block and a ball whose place, size and contrast are unknown, by Markov chains. Masses and places are known well; size and contrast only as their product, so that their intervals are wide and lean on their priors.",
      ...(chains.paragraphs ?? []),
    ],
    tables: [
      {
        columns: [
          { label: "parameter" },
          { label: "unit" },
          { label: "mean" },
          { label: "5 %" },
          { label: "95 %" },
          { label: "truth" },
          { label: "covered" },
        ],
        rows: Object.entries(bodies.summaries).map(([name, { unit, mean, sd, q05, q95, truth }]) => [
          name,
          unit,
          formatEstimate(mean, sd),
          formatNumber(q05, 3),
          formatNumber(q95, 3),
          Number(truth.toPrecision(4)),
          truth > q05 && truth < q95 ? "yes" : "no",
        ]),
      },
      ...(chains.tables ?? []),
    ],
    ...(chains.figures && { figures: chains.figures }),
  };
}

export async function calibrationSection(survey: Survey, calibration: Calibration): Promise<ReportSection> {
  const names = survey.quantities.map(({ name }) => name);
  const ranks = names.map((name) => calibration.byQuantity[name]!.ranks);
  return {
    heading: "Is it calibrated?",
    paragraphs: [
      `For ${ranks[0]!.length} grounds drawn from the prior, with data from each: ranks of the true quantities among draws of their posteriors, uniform where the posterior is right. ${(100 * calibration.coverage90).toFixed(0)} % of truths lie in their 90 % intervals.`,
    ],
    figures: [
      {
        figure: await sbcHistograms({
          parameters: names,
          ranks: Float64Array.from(
            { length: ranks[0]!.length * names.length },
            (_, i) => ranks[i % names.length]![Math.floor(i / names.length)]!,
          ),
          draws: calibration.draws,
        }),
        caption: "Ranks; the band holds 99 % of the bars of a calibrated posterior.",
      },
    ],
  };
}
