import { cast, type NdArray, program, random, scan, take, type Tensor, tree, valueAndGrad } from "@credence/tensor";
import { type AdamState, adam } from "../optimize/adam.ts";
import { type AverageState, movingAverage } from "../optimize/average.ts";
import { type Packing, packing } from "../optimize/pack.ts";
import { constantRate, cosineRate } from "../optimize/schedule.ts";
import { streams } from "../simulate/streams.ts";
import type { Model, ModelParams } from "./model.ts";
import { type Rows, validationBlock } from "./prepare.ts";

/** Everything that one epoch hands to the next: what a checkpoint holds. Parameters are packed in one vector. */
export type TrainingState = {
  readonly params: Tensor;
  readonly optimiser: AdamState<Tensor>;
  readonly average?: AverageState<Tensor>;
};

export interface EpochOptions {
  readonly batchSize: number;
  readonly trainingRows: number;
  readonly learningRate: number;
  readonly schedule: "constant" | "cosine";
  readonly warmupEpochs: number;
  readonly maxEpochs: number;
  readonly clipNorm: number;
  readonly weightDecay: number;
  /** Decay of the moving average of the weights; 0: none is kept. */
  readonly averageDecay: number;
  readonly seed: number;
  readonly threads: number;
  readonly device?: string;
}

/** The programs of a training: the start of a member, one epoch of it, and the weights that it leaves. */
export function trainingPrograms(model: Model, options: EpochOptions) {
  const { batchSize, trainingRows, learningRate, schedule, warmupEpochs, maxEpochs, averageDecay } = options;
  const batches = Math.floor(trainingRows / batchSize);
  const rate =
    schedule === "constant"
      ? constantRate(learningRate)
      : cosineRate({ rate: learningRate, steps: maxEpochs * batches, warmup: warmupEpochs * batches });
  const optimiser = adam<Tensor>({ learningRate: rate, clipNorm: options.clipNorm, weightDecay: options.weightDecay });
  const average = averageDecay > 0 ? movingAverage<Tensor>({ decay: averageDecay }) : undefined;
  const lossAndGradient = valueAndGrad((params: ModelParams, batch: Rows) => model.logProb(params, batch.z, batch.inputs).mean().neg());
  const placement = { threads: options.threads, ...(options.device !== undefined && { device: options.device }) };

  const keyed = (stream: number, member: Tensor) => random.fold(random.fold(random.key(options.seed), stream), member);
  const start = program(
    (member: Tensor): TrainingState => {
      const initial = model.init(keyed(streams.initialise, member));
      const params = packing(initial).pack(initial);
      return { params, optimiser: optimiser.init(params), ...(average && { average: average.init(params) }) };
    },
    { ...placement, name: "initialise" },
  );

  /** The whole epoch: shuffle, and for each minibatch gather, loss, gradient, clip and step; then the loss of the validation rows. */
  const epoch = program(
    (state: TrainingState, training: Rows, validation: Rows, member: Tensor, number: Tensor) => {
      const layout = packingOf(model);
      const order = random.permutation(random.fold(keyed(streams.shuffle, member), number), trainingRows);
      const step = (carry: TrainingState, rows: Tensor): [TrainingState, Tensor] => {
        const batch = tree.map((column: Tensor) => take(column, rows), training) as Rows;
        const [loss, gradient] = lossAndGradient(layout.unpack(carry.params), batch);
        const next = optimiser.step(carry.optimiser, carry.params, layout.pack(gradient));
        const averaged = average && { average: average.step(carry.average!, next.params) };
        return [{ params: next.params, optimiser: next.state, ...averaged }, loss];
      };
      const [next, losses] = scan(step, state, order.slice([0], [batches * batchSize]).reshape([batches, batchSize]));
      const judged = layout.unpack(average ? average.value(next.average!) : next.params);
      return { state: next, trainingLogProb: losses.mean().neg(), validationLogProb: meanLogProb(model, judged, validation) };
    },
    { ...placement, name: "epoch" },
  );

  /** The vector to use: the moving average where one is kept. */
  const judged = average && program((state: AverageState<Tensor>) => average.value(state), { ...placement, name: "average" });
  const unpack = program((params: Tensor) => packingOf(model).unpack(params), { ...placement, name: "unpack" });

  return { start, epoch, judged, unpack };
}

/** How the model's parameters lie in the vector. The initial values, of which only the shapes count, are never computed. */
function packingOf(model: Model): Packing<ModelParams> {
  return packing(model.init(random.key(0)));
}

export type TrainingPrograms = ReturnType<typeof trainingPrograms>;

/** {@link TrainingState} between two epochs. */
export type TrainingArrays = ReturnType<TrainingPrograms["start"]>;

/** {@link ModelParams} of a trained member. */
export type ModelArrays = ReturnType<TrainingPrograms["unpack"]>;

/** Mean of log q over rows, block by block where they are many, so that memory does not grow with them. */
function meanLogProb(model: Model, params: ModelParams, rows: Rows): Tensor {
  const count = rows.z.shape[0]!;
  if (count < 2 * validationBlock) return model.logProb(params, rows.z, rows.inputs).mean();
  const blocks = tree.map((column: Tensor) => column.reshape([count / validationBlock, validationBlock, ...column.shape.slice(1)]), rows) as Rows;
  const [, means] = scan((carry: Tensor, block: Rows) => [carry, model.logProb(params, block.z, block.inputs).mean()], cast(0, "f32"), blocks);
  return means.mean();
}

/** Gives the buffers of a tree back at once, rather than when they are collected. */
export function disposeTree(arrays: unknown): void {
  for (const leaf of tree.flatten(arrays).leaves) (leaf as NdArray).dispose();
}
