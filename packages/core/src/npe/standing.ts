import type { ResolvedTraining } from "./options.ts";

/** Where a member's training stands after some epochs. */
export interface Standing {
  /** Index of the epoch with the best finite validation log probability; -1 while there is none. */
  readonly bestEpoch: number;
  /** Learning rate of the next epoch. */
  readonly learningRate: number;
  /** Whether the next epoch starts from the best epoch's state rather than the last one's. */
  readonly goBack: boolean;
  /** Why there is no next epoch. */
  readonly stopped: "patience" | "maxEpochs" | undefined;
}

/** Nats by which the validation log probability must rise for patience to begin anew. Smaller gains are kept, but not waited for. */
const gainMin = 0.003;

/** Follows from the validation log probabilities alone, so that a resumed training takes the same decisions. */
export function standing(validationLogProb: readonly number[], training: ResolvedTraining): Standing {
  const { schedule, patience, maxEpochs, cuts } = training;
  const cutsAllowed = schedule === "plateau" ? cuts : 0;
  let bestEpoch = -1;
  let waitedFrom = Number.NEGATIVE_INFINITY;
  let waited = 0;
  let cutsMade = 0;
  let goBack = false;
  validationLogProb.forEach((value, epoch) => {
    goBack = false;
    if (Number.isFinite(value) && (bestEpoch < 0 || value > validationLogProb[bestEpoch]!)) bestEpoch = epoch;
    if (Number.isFinite(value) && value > waitedFrom + gainMin) {
      waitedFrom = value;
      waited = 0;
    } else if (++waited >= patience && cutsMade <= cutsAllowed) {
      cutsMade++;
      waited = 0;
      goBack = bestEpoch >= 0;
    }
  });
  const epoch = validationLogProb.length;
  const spent = cutsMade > cutsAllowed;
  return {
    bestEpoch,
    goBack,
    learningRate: training.learningRate * shareOfRate(training, epoch, cutsMade),
    stopped: spent ? "patience" : epoch >= maxEpochs ? "maxEpochs" : undefined,
  };
}

function shareOfRate({ schedule, maxEpochs, cutFactor }: ResolvedTraining, epoch: number, cutsMade: number): number {
  if (schedule === "plateau") return cutFactor ** cutsMade;
  return schedule === "cosine" ? (1 + Math.cos((Math.PI * epoch) / maxEpochs)) / 2 : 1;
}
