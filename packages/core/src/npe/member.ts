import { array, type NdArray } from "@credence/tensor";
import type { Checkpoint } from "./checkpoint.ts";
import { disposeTree, type ModelArrays, type TrainingArrays, type TrainingPrograms } from "./epoch.ts";
import { TrainingError } from "./errors.ts";
import type { ResolvedTraining } from "./options.ts";
import type { TrainingData } from "./prepare.ts";
import { standing } from "./standing.ts";

/** How one network's training went. Log probabilities are means over rows, in nats, of the parameters as the user states them. */
export interface MemberRecord {
  readonly trainingLogProb: readonly number[];
  readonly validationLogProb: readonly number[];
  readonly weightDecay: number;
  /** Index of the epoch whose weights were kept. */
  readonly bestEpoch: number;
  readonly stopped: "patience" | "maxEpochs";
}

export interface EpochInfo {
  readonly member: number;
  /** Counted from 0. */
  readonly epoch: number;
  readonly learningRate: number;
  readonly trainingLogProb: number;
  readonly validationLogProb: number;
}

/** Where a member stands between two epochs. */
export interface MemberState {
  readonly state: TrainingArrays;
  /** The state after the best epoch. */
  readonly best: TrainingArrays;
  readonly trainingLogProb: readonly number[];
  readonly validationLogProb: readonly number[];
}

/** Trains one network as far as its validation loss improves, and gives the weights of the best epoch. */
export async function trainMember(options: {
  readonly member: number;
  readonly programs: TrainingPrograms;
  readonly data: TrainingData;
  readonly training: ResolvedTraining;
  /** Decoupled decay of its weights; biases do not decay. */
  readonly weightDecay: number;
  /** Its place among the checkpoints. */
  readonly place: number;
  /** The rows it is judged by. */
  readonly fold: Fold;
  readonly checkpoint?: Checkpoint;
  readonly signal?: AbortSignal;
  readonly onEpoch: (info: EpochInfo) => void;
}): Promise<{ readonly params: ModelArrays; readonly record: MemberRecord }> {
  const { member, place, weightDecay, programs, data, training, fold, checkpoint, signal, onEpoch } = options;
  const offsets = meanJacobians(data.jacobians, fold);
  const cancellable = signal ? { signal } : {};
  const memberScalar = scalar(member);

  const initial = await programs.start.runAsync([memberScalar], cancellable);
  let { state, best, trainingLogProb, validationLogProb } = (await checkpoint?.read(place, initial)) ?? {
    state: initial,
    best: initial,
    trainingLogProb: [],
    validationLogProb: [],
  };
  for (;;) {
    const epoch = trainingLogProb.length;
    const { bestEpoch, goBack, learningRate, stopped } = standing(validationLogProb, training);
    if (stopped) {
      if (bestEpoch < 0) {
        throw new TrainingError(
          `network ${member} never had a finite validation loss in ${epoch} epochs: lower training.learningRate, or look for extreme values in x`,
        );
      }
      const params = await programs.weights.runAsync([best], cancellable);
      disposeTree([state, best]);
      return { params, record: { trainingLogProb, validationLogProb, bestEpoch, weightDecay, stopped } };
    }

    const from = goBack ? best : state;
    const decay = array(Float32Array.of(weightDecay), { shape: [] });
    const rate = array(Float32Array.of(learningRate), { shape: [] });
    const result = await programs.epoch.runAsync([from, data.rows, memberScalar, scalar(epoch), rate, decay], cancellable);
    const info = {
      member,
      epoch,
      learningRate,
      trainingLogProb: take(result.trainingLogProb) + offsets.training,
      validationLogProb: take(result.validationLogProb) + offsets.validation,
    };
    trainingLogProb = [...trainingLogProb, info.trainingLogProb];
    validationLogProb = [...validationLogProb, info.validationLogProb];
    const improved = standing(validationLogProb, training).bestEpoch === epoch;
    for (const old of new Set([state, best])) if (old !== best || improved) disposeTree(old);
    state = result.state;
    if (improved) best = state;

    await checkpoint?.write(place, { state, best, trainingLogProb, validationLogProb });
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

/** `count` rows from `first` on, round the end. */
export interface Fold {
  readonly first: number;
  readonly count: number;
}

/** Mean log |det dz/dtheta| over the fold, and over the other rows. */
function meanJacobians(jacobians: Float64Array, { first, count }: Fold): { readonly training: number; readonly validation: number } {
  let validation = 0;
  for (let i = 0; i < count; i++) validation += jacobians[(first + i) % jacobians.length]!;
  const total = jacobians.reduce((a, b) => a + b, 0);
  return { validation: validation / count, training: (total - validation) / (jacobians.length - count) };
}
