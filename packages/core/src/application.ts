/** The contract between an application (a domain's `reproduce`) and whatever starts it: the command line, a script, a test. */

/** Progress of a phase: `done` out of `total` simulations, epochs, draws or replicates. Cheap to call often. */
export type Progress = (phase: string, done: number, total: number) => void;

export type OptionValue = string | number | boolean;

/** An option of one application, beside those that all take: `{ name: "timeColumn" }` is `--time-column` on the command line. */
export interface OptionSpec {
  /** camelCase. */
  readonly name: string;
  readonly type: "string" | "number" | "boolean";
  readonly description: string;
  readonly default?: OptionValue;
  /** The values that a string may take; others are refused before the application starts. */
  readonly choices?: readonly string[];
}

/** A data set that an application can be run on; the first of a list is the default. */
export interface DatasetChoice {
  readonly name: string;
  readonly title: string;
}

/** What every application takes. All values have been checked for kind and range. */
export interface ApplicationOptions {
  /** A name from {@link Application.datasets}, or the path of a file of the user's where {@link Application.userFiles} admits it. */
  readonly dataset: string;
  /** `"cpu"` or `"cuda:N"`; known to exist. */
  readonly device: string;
  /** An integer in [0, 2^32). */
  readonly seed: number;
  /** Number of simulations; undefined leaves it to the application. */
  readonly simulations?: number;
  /** The folder for `posterior.nc`, `summary.json`, `run.json` and `report.html`. The application creates it. */
  readonly out: string;
  /** A run of a minute or two that shows the way, with fewer simulations, draws and replicates. */
  readonly quick: boolean;
  /** The application's own options, by their camelCase names, defaults filled in. */
  readonly own: Readonly<Record<string, OptionValue | undefined>>;
}

/** What the starter lends an application. */
export interface ApplicationContext {
  /** Aborted on Ctrl-C: keep what is done, so that the next run resumes, and throw `signal.reason`. */
  readonly signal: AbortSignal;
  readonly progress: Progress;
  /** One line for people, without a newline. */
  log(line: string): void;
}

/** Posterior summary of one parameter, in its unit; q05 and q95 are the 5 % and 95 % quantiles. */
export interface ParameterSummary {
  readonly unit: string;
  readonly mean: number;
  readonly sd: number;
  readonly median: number;
  readonly q05: number;
  readonly q95: number;
}

/** A value from the literature, with where it was printed. */
export interface PublishedValue {
  readonly value: number;
  readonly sd?: number;
  readonly unit: string;
  readonly source: string;
}

export type JsonValue = string | number | boolean | null | readonly JsonValue[] | { readonly [key: string]: JsonValue | undefined };

/** Checks as they apply; an application may add figures of its own. */
export interface Checks {
  /** Classifier two-sample test against the oracle: 0.5 is indistinguishable, 1 is disjoint. */
  readonly c2stOracle?: number;
  /** p-value of the uniformity of the ranks, by parameter. */
  readonly sbc?: Readonly<Record<string, { readonly pValue: number }>>;
  /** Share of replicates whose truth lies in its 90 % credible region; calibrated is 0.9. */
  readonly coverage90?: number;
  readonly chiSquarePerDatum?: number;
  readonly elboGapPerDatum?: number;
  readonly [further: string]: JsonValue | undefined;
}

/** `summary.json`, which scripts rely on. */
export interface Summary {
  readonly application: string;
  readonly dataset: string;
  readonly parameters: Readonly<Record<string, ParameterSummary>>;
  readonly oracle?: Readonly<Record<string, ParameterSummary>>;
  readonly published?: Readonly<Record<string, PublishedValue>>;
  readonly checks: Checks;
  readonly cost: {
    readonly simulations: number;
    readonly seconds: {
      readonly simulate: number;
      readonly train: number;
      readonly infer: number;
      readonly check: number;
    };
  };
}

/** What a domain package exports as `application`. */
export interface Application {
  /** As typed on the command line, e.g. `birth-death`. */
  readonly name: string;
  readonly title: string;
  readonly datasets: readonly DatasetChoice[];
  /** What a file of the user's must hold to serve as a data set; leave out where none is read. */
  readonly userFiles?: string;
  readonly options: readonly OptionSpec[];
  /** Runs the whole application and leaves its files in `options.out`. Rejects with `context.signal.reason` when cancelled. */
  reproduce(options: ApplicationOptions, context: ApplicationContext): Promise<Summary>;
}
