import { type Embedding, identityEmbedding, type Network, recurrent, recurrentEmbedding } from "@credence/core";
import { cast, concat, constant, greaterEqual, log1p, sign, sqrt, type Tensor } from "@credence/tensor";
import { type CensusDesign, checkDesign } from "./design.ts";
import type { RateScale } from "./quasi-likelihood.ts";
import { summarize, summaryNames } from "./summary.ts";

/** What the flow sees of a series: stated statistics, a recurrent network's reading of every transition, or both side by side. */
export type EmbeddingName = "summary" | "learned" | "both";

export const embeddingNames: readonly EmbeddingName[] = ["summary", "learned", "both"];

/** An observation as the network takes it, and the network. */
export interface CensusEmbedding {
  readonly name: EmbeddingName;
  /** Counts [rows, times] -> f32 [rows, ...]. Traced. */
  features(counts: Tensor): Tensor;
  readonly embedding: Embedding;
}

/** Numbers that describe one transition to a recurrent network. */
const transitionFeatures = 4;

/** Width of the recurrent state and of what is handed to the flow. */
const recurrentOptions = { hidden: 32, output: 16 } as const;

/** @param scale the largest rates to be expected, for the statistics. */
export function censusEmbedding(name: EmbeddingName, design: CensusDesign, scale: RateScale): CensusEmbedding {
  const { intervals } = checkDesign(design);
  switch (name) {
    case "summary":
      return { name, features: (counts) => summarize(counts, design, scale), embedding: identityEmbedding() };
    case "learned":
      return { name, features: (counts) => transitions(counts, design), embedding: recurrentEmbedding(recurrentOptions) };
    case "both":
      return {
        name,
        features: (counts) => {
          const series = transitions(counts, design);
          return concat([summarize(counts, design, scale), series.reshape([series.shape[0]!, intervals.length * transitionFeatures])], 1);
        },
        embedding: besideSummary(intervals.length),
      };
  }
}

/**
 * Transitions as a sequence, f32 [rows, intervals, 4]: log1p of the count, the change over the square root of the count before (signed
 * logarithm), the logarithm of the interval, and whether the count is saturated.
 */
export function transitions(counts: Tensor, design: CensusDesign): Tensor {
  const { intervals, countMax } = checkDesign(design);
  const n = cast(counts, "f32");
  const before = n.slice([0, 0], [undefined, -1]);
  const after = n.slice([0, 1]);
  const change = after.sub(before).div(sqrt(before.add(1)));
  const years = constant(Float32Array.from(intervals, Math.log)).broadcastTo(after.shape);
  const parts = [log1p(after), sign(change).mul(log1p(change.abs())), years, cast(greaterEqual(after, countMax), "f32")];
  return concat(
    parts.map((part) => part.expandDims(2)),
    2,
  );
}

/** The statistics as they are, beside a gated recurrent unit over the transitions that follow them in a row. */
function besideSummary(intervals: number): Embedding {
  const statistics = summaryNames.length;
  return {
    kind: "birth-death summary and transitions",
    options: { intervals, ...recurrentOptions },
    layout: "features",
    network(): Network {
      const reader = recurrent({ input: transitionFeatures, ...recurrentOptions });
      return {
        output: statistics + reader.output,
        init: reader.init,
        apply(params, x) {
          const rows = x.shape[0]!;
          const series = x.slice([0, statistics]).reshape([rows, intervals, transitionFeatures]);
          return concat([x.slice([0, 0], [undefined, statistics]), reader.apply(params as Parameters<typeof reader.apply>[0], series)], 1);
        },
      };
    },
  };
}
