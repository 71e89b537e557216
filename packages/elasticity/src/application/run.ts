import type { ApplicationContext, JsonValue } from "@credence/core";
import type { Observation } from "./observation.ts";
import type { Effort } from "./settings.ts";

/** What every analysis is given. */
export interface Run<O extends Observation = Observation> {
  readonly observation: O;
  readonly effort: Effort;
  readonly seed: number;
  readonly context: ApplicationContext;
  /** Where phases are kept. */
  readonly directory: string;
}

/** All that fixes what any phase of this run gives. */
export const inputsOf = ({ observation, seed, effort }: Run): JsonValue => [
  observation.dataset,
  observation.checksum ?? null,
  Array.from(observation.readings),
  seed,
  { ...effort } as unknown as JsonValue,
];
