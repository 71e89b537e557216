import type { ApplicationContext, DonePhase } from "@credence/core";
import type { CheckFacts } from "./check-phase.ts";
import type { Observation } from "./observation.ts";
import type { OracleFacts } from "./oracle-phase.ts";
import type { Settings } from "./settings.ts";

/** What every phase is given. */
export interface Run {
  readonly observation: Observation;
  readonly settings: Settings;
  readonly context: ApplicationContext;
  /** Where phases are kept. */
  readonly directory: string;
}

export type SimulationFacts = { readonly count: number };

export type TrainingFacts = {
  /** Mean log probability of each epoch, nats. */
  readonly members: readonly { readonly training: readonly number[]; readonly validation: readonly number[]; readonly bestEpoch: number }[];
};

/** What a finished run has. */
export interface Phases {
  readonly simulated: DonePhase<SimulationFacts>;
  readonly trained: DonePhase<TrainingFacts>;
  /** arrays.draws: posterior draws [draws, 3]. */
  readonly inferred: DonePhase;
  /** Absent where counts are incomplete, and the likelihood therefore a sum over hidden populations. */
  readonly oracle?: DonePhase<OracleFacts>;
  readonly checked: DonePhase<CheckFacts>;
}
