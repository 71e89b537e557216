import { array, type NdArray } from "@credence/tensor";
import type { Checkpoint } from "./checkpoint.ts";
import { disposeTree, type ModelArrays, type TrainingArrays, type TrainingPrograms } from "./epoch.ts";
import { TrainingError } from "./errors.ts";
import type { ResolvedTraining } from "./options.ts";
import type { TrainingData } from "./prepare.ts";

/** How one network's training went. Log probabilities are means over rows, in nats, of the parameters as the user states them. */
export interface MemberRecord {
  readonly trainingLogProb: readonly number[];
  readonly validationLogProb: readonly number[];
  /** Index of the epoch whose weights were kept. */
  readonly bestEpoch: number;
  readonly stopped: "patience" | "maxEpochs";
}

export interface EpochInfo {
  readonly member: number;
  /** Counted from 0. */
  readonly epoch: number;
  readonly trainingLogProb: number;
  readonly validationLogProb: number;
}

/** Where a member stands between two epochs. */
export interface MemberState {
  readonly state: TrainingArrays;
  /** Packed parameters of the best epoch. */
  readonly best: NdArray;
  readonly trainingLogProb: readonly number[];
  readonly validationLogProb: readonly number[];
}

/** Trains one network until its validation loss has not improved for `patience` epochs, and gives the weights of the best epoch. */
export async function trainMember(options: {
  readonly member: number;
  readonly programs: TrainingPrograms;
  readonly data: TrainingData;
  readonly training: ResolvedTraining;
  readonly checkpoint?: Checkpoint;
  readonly signal?: AbortSignal;
  readonly onEpoch: (info: EpochInfo) => void;
}): Promise<{ readonly params: ModelArrays; readonly record: MemberRecord }> {
  const { member, programs, data, training, checkpoint, signal, onEpoch } = options;
  const { patience, maxEpochs } = training;
  const cancellable = signal ? { signal } : {};
  const memberScalar = scalar(member);

  const initial = await programs.start.runAsync([memberScalar], cancellable);
  let { state, best, trainingLogProb, validationLogProb } = (await checkpoint?.read(member, initial)) ?? {
    state: initial,
    best: initial.params,
    trainingLogProb: [],
    validationLogProb: [],
  };
  for (;;) {
    const epoch = trainingLogProb.length;
    const bestEpoch = indexOfMax(validationLogProb);
    const patienceSpent = epoch > 0 && epoch - 1 - Math.max(bestEpoch, 0) >= patience;
    if (patienceSpent || epoch >= maxEpochs) {
      if (bestEpoch < 0) {
        throw new TrainingError(
          `network ${member} never had a finite validation loss in ${epoch} epochs: lower training.learningRate, or look for extreme values in x`,
        );
      }
      const params = await programs.unpack.runAsync([best], cancellable);
      disposeTree([state, best]);
      return { params, record: { trainingLogProb, validationLogProb, bestEpoch, stopped: patienceSpent ? "patience" : "maxEpochs" } };
    }

    const result = await programs.epoch.runAsync([state, data.training, data.validation, memberScalar, scalar(epoch)], cancellable);
    const info = {
      member,
      epoch,
      trainingLogProb: take(result.trainingLogProb) + data.trainingOffset,
      validationLogProb: take(result.validationLogProb) + data.validationOffset,
    };
    trainingLogProb = [...trainingLogProb, info.trainingLogProb];
    validationLogProb = [...validationLogProb, info.validationLogProb];

    const previous = state;
    state = result.state;
    if (indexOfMax(validationLogProb) === epoch) {
      if (best !== previous.params) best.dispose();
      best = programs.judged ? await programs.judged.runAsync([state.average!], cancellable) : state.params;
    }
    disposeTree([previous.optimiser, previous.average ?? []]);
    if (previous.params !== best) previous.params.dispose();

    await checkpoint?.write(member, { state, best, trainingLogProb, validationLogProb });
    onEpoch(info);
  }
}

function scalar(value: number): NdArray {
  return array(Int32Array.of(value), { shape: [] });
}

/** The number in a scalar, whose buffer is given back. */
function take(value: NdArray): number {
  const number = value.item();
  value.dispose();
  return number;
}

/** First index of the largest finite value; -1 where there is none. */
function indexOfMax(values: readonly number[]): number {
  let best = -1;
  values.forEach((value, i) => {
    if (Number.isFinite(value) && (best < 0 || value > values[best]!)) best = i;
  });
  return best;
}
