import type { Checks, PublishedValue } from "@credence/core";
import type { Fact, ReportSection } from "@credence/report";
import type { NdArray } from "@credence/tensor";
import type { Fit } from "./fit.ts";

/** A quantity that a report speaks of. */
export interface Quantity {
  /** In the draws: `beta[2]`. */
  readonly name: string;
  /** For people, and in `summary.json`: `horsepower`. */
  readonly label: string;
  readonly unit: string;
}

/** A part of the run's time. */
export interface Cost {
  readonly label: string;
  readonly seconds: number;
  readonly kind: "infer" | "check";
}

/** What a data set's analysis found: everything that goes into the files of a run. */
export interface Analysis {
  /** The result in a sentence or two, *emphasis* allowed. */
  readonly answer: string;
  readonly cards: readonly Fact[];
  readonly sections: readonly ReportSection[];
  readonly quantities: readonly Quantity[];
  /** Whose draws are the answer. */
  readonly main: Fit;
  /** An independent answer, where there is one. */
  readonly oracle?: Fit;
  readonly published?: Readonly<Record<string, PublishedValue>>;
  readonly checks: Checks;
  readonly costs: readonly Cost[];
  readonly groups: {
    /** [n, K] of `main`'s quantities. */
    readonly prior: NdArray;
    /** [chains, draws, N] */
    readonly logLikelihood: NdArray;
    /** [R, N] */
    readonly replicated: NdArray;
    /** The data, [N] or of several columns. */
    readonly observed: NdArray;
    /** Name of the data, and their unit. */
    readonly variable: string;
    readonly unit: string;
    /** Names of the axes of quantities and data, and what lies along them. */
    readonly dimensions: Readonly<Record<string, readonly string[]>>;
    readonly coordinates: Readonly<Record<string, readonly string[]>>;
  };
}
