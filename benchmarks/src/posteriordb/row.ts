import type { Measurement, Table } from "../measurement.ts";
import { aligned, duration, headOf, row } from "../record.ts";
import { bars, type Comparison } from "./agreement.ts";
import type { Score } from "./score.ts";

/** A run as a row of the record. Its promises: R-hat, agreement in every mean and sd, no divergence where the reference had none. */
export function measurement(name: string, score: Score, threads: number, referenceDivergences: number | undefined): Measurement {
  const { dimension, chains, drawsPerChain, seconds, gradients, ess, rHatMax, divergences, comparisons, noncentred, warnings } = score;
  const total = seconds.warmup + seconds.draws;
  const disagreeing = comparisons?.filter(({ agrees }) => !agrees).map((comparison) => comparison.name);
  return {
    name,
    size: `D ${dimension}, ${chains} x ${drawsPerChain} draws`,
    device: "cpu",
    threads,
    seconds: { min: total, median: total, max: total },
    ...(disagreeing && {
      kept: rHatMax <= bars.rHatMax && disagreeing.length === 0 && (divergences === 0 || referenceDivergences! > 0),
    }),
    figures: {
      dimension,
      secondsWarmup: seconds.warmup,
      secondsDraws: seconds.draws,
      gradients,
      gradientsPerSecond: gradients / seconds.draws,
      essBulkMin: ess.bulk,
      essBulkMinOf: ess.of,
      essTailMin: ess.tail,
      essPerSecond: ess.bulk / seconds.draws,
      essPerSecondWithWarmup: ess.bulk / total,
      rHatMax,
      divergences,
      ...(comparisons && {
        referenceDivergences: referenceDivergences!,
        meanInErrorsMax: worst(comparisons, ({ meanInErrors }) => meanInErrors),
        meanInSdsMax: worst(comparisons, ({ meanInSds }) => meanInSds),
        sdDifferenceMax: worst(comparisons, ({ sdDifference }) => sdDifference),
        disagreeing: disagreeing!.join(" "),
      }),
      noncentred: noncentred.join(" "),
      warnings: warnings.join(" "),
    },
  };
}

const worst = (comparisons: readonly Comparison[], of: (comparison: Comparison) => number): number => Math.max(...comparisons.map(of));

const columns = [
  "posterior",
  "D",
  "seconds",
  "gradients/s",
  "least ESS",
  "ESS/s",
  "R-hat",
  "diverging",
  "mean off by (errors, sd)",
  "sd off by",
  "",
] as const;
const widths = [49, 5, 8, 11, 9, 8, 7, 9, 24, 9, 20];

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

function line(measurement: Measurement): string {
  const { seconds, met } = row(measurement);
  const figures = measurement.figures!;
  const figure = (name: string): number => Number(figures[name]);
  const compared = "meanInErrorsMax" in figures;
  return aligned(
    [
      measurement.name,
      String(figures["dimension"]),
      duration(seconds.median),
      figure("gradientsPerSecond").toPrecision(3),
      figure("essBulkMin").toFixed(0),
      figure("essPerSecond").toPrecision(3),
      figure("rHatMax").toFixed(4),
      String(figures["divergences"]),
      compared ? `${figure("meanInErrorsMax").toFixed(1)}, ${figure("meanInSdsMax").toFixed(3)}` : "",
      compared ? percent(figure("sdDifferenceMax")) : "",
      `${met === null ? "no reference" : met ? "agrees" : `MISSED ${figures["disagreeing"]}`.trim()}${chosen(String(figures["noncentred"]))}`,
    ],
    widths,
  );
}

const chosen = (noncentred: string): string => (noncentred === "" ? "" : ` (non-centred: ${noncentred})`);

export const table: Table = { head: headOf(columns, widths), line };
