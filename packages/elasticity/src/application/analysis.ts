import type { Checks, PublishedValue } from "@credence/core";
import type { Fact, ReportSection } from "@credence/report";
import type { Fit } from "./fit.ts";

/** A part of the run's time. */
export interface Cost {
  readonly label: string;
  readonly seconds: number;
  readonly kind: "simulate" | "train" | "infer" | "check";
}

/** What a data set's analysis found: everything that goes into the files of a run. */
export interface Analysis {
  /** The result in a sentence or two, *emphasis* allowed. */
  readonly answer: string;
  readonly cards: readonly Fact[];
  readonly sections: readonly ReportSection[];
  /** Whose draws are the answer. */
  readonly main: Fit;
  /** An independent answer. */
  readonly oracle: Fit;
  readonly published?: Readonly<Record<string, PublishedValue>>;
  readonly checks: Checks;
  readonly costs: readonly Cost[];
  readonly simulations: number;
  /** Draws of the prior, [n, 2]. */
  readonly prior: Float64Array;
  /** Readings replicated from the posterior, [R, readings]. */
  readonly replicated: Float64Array;
  /** What was read, in the order of `replicated`. */
  readonly observed: Float64Array;
}
