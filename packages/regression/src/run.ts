import type { ApplicationContext } from "@credence/core";
import type { Observation } from "./observation.ts";
import type { Effort } from "./settings.ts";

/** What every analysis is given. */
export interface Run {
  readonly observation: Observation;
  readonly effort: Effort;
  readonly seed: number;
  readonly context: ApplicationContext;
  /** Where phases are kept. */
  readonly directory: string;
}
