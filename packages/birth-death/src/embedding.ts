import { type Embedding, identityEmbedding, type Network, recurrent, recurrentEmbedding } from "@credence/core";
import { cast, concat, constant, greaterEqual, log1p, sign, sqrt, type Tensor } from "@credence/tensor";
import type { Bounds } from "./coordinates.ts";
import { type CensusDesign, checkDesign } from "./design.ts";
import type { Laplace } from "./quasi-likelihood.ts";
import { describe, summaryNames } from "./summary.ts";

/** What the flow sees of a series: stated statistics, a recurrent network's reading of every transition, or both side by side. */
export type EmbeddingName = "summary" | "learned" | "both";

export const embeddingNames: readonly EmbeddingName[] = ["summary", "learned", "both"];

/** What a network is given of series, and the Gaussian approximation that its draws are relative to. */
export interface Reading {
  /** f32 [rows, ...]. */
  readonly features: Tensor;
  readonly laplace: Laplace;
}

/** How series of one design are read. */
export interface CensusEmbedding {
  readonly name: EmbeddingName;
  readonly bounds: readonly Bounds[];
  /** Extents of the features of one series. */
  readonly shape: readonly number[];
  /** Counts [rows, times]. Traced. */
  read(counts: Tensor): Reading;
  readonly embedding: Embedding;
}

/** Numbers that describe one transition to a recurrent network. */
const transitionFeatures = 4;

/** Width of the recurrent state and of what is handed to the flow. */
const recurrentOptions = { hidden: 32, output: 16 } as const;

/** @param bounds of the prior, finite. */
export function censusEmbedding(name: EmbeddingName, design: CensusDesign, bounds: readonly Bounds[]): CensusEmbedding {
  const { intervals } = checkDesign(design);
  const statistics = summaryNames.length;
  const reader = (
    shape: readonly number[],
    features: (summary: Tensor, series: () => Tensor) => Tensor,
    embedding: Embedding,
  ): CensusEmbedding => ({
    name,
    bounds,
    shape,
    embedding,
    read(counts) {
      const { laplace, summary } = describe(counts, design, bounds);
      return { laplace, features: features(summary, () => transitions(counts, design)) };
    },
  });
  switch (name) {
    case "summary":
      return reader([statistics], (summary) => summary, identityEmbedding());
    case "learned":
      return reader([intervals.length, transitionFeatures], (_, series) => series(), recurrentEmbedding(recurrentOptions));
    case "both": {
      const flat = intervals.length * transitionFeatures;
      return reader(
        [statistics + flat],
        (summary, series) => concat([summary, series().reshape([summary.shape[0]!, flat])], 1),
        besideSummary(intervals.length),
      );
    }
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
