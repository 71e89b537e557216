import type { ApplicationContext, JsonValue } from "@credence/core";
import type { Effort } from "./settings.ts";
import type { Survey } from "./survey.ts";

/** What every phase is given. */
export interface Run {
  readonly survey: Survey;
  readonly effort: Effort;
  readonly seed: number;
  readonly context: ApplicationContext;
  /** Where phases are kept. */
  readonly directory: string;
}

/** All that fixes what any phase of this run gives. */
export const inputsOf = ({ survey, seed, effort }: Run): JsonValue => [
  survey.dataset,
  survey.checksum ?? null,
  Array.from(survey.data),
  seed,
  { ...effort } as unknown as JsonValue,
];
