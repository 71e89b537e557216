import { arange, cast, minimum, type NdArray, program, random, rem, scan, type Tensor, take, tree } from "@credence/tensor";
import { type AdamState, adam } from "../optimize/adam.ts";
import { type AverageState, movingAverage } from "../optimize/average.ts";
import { meanGradient } from "../optimize/mean-gradient.ts";
import { type Packing, packing } from "../optimize/pack.ts";
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
  readonly validationRows: number;
  /** Whether each network has validation rows of its own. */
  readonly ownFolds: boolean;
  readonly clipNorm: number;
  /** Decay of the moving average of the weights; 0: none is kept. */
  readonly averageDecay: number;
  readonly seed: number;
  readonly threads: number;
  readonly device?: string;
}

/** The learning rate rises linearly over the first epoch, and over so many steps at least. */
const warmupStepsMin = 100;

/** The programs of a training: the start of a member, one epoch of it, and the weights that it leaves. */
export function trainingPrograms(model: Model, options: EpochOptions) {
  const { batchSize, trainingRows, validationRows, averageDecay } = options;
  const rows = trainingRows + validationRows;
  const batches = Math.floor(trainingRows / batchSize);
  const warmup = Math.max(batches, warmupStepsMin);
  const optimiserAt = (rate: Tensor, weightDecay: Tensor, decayMask: Tensor) =>
    adam<Tensor>({
      learningRate: (count) => minimum(cast(count, "f32").add(1).div(warmup), 1).mul(rate),
      clipNorm: options.clipNorm,
      weightDecay,
      decayMask,
    });
  const average = averageDecay > 0 ? movingAverage<Tensor>({ decay: averageDecay }) : undefined;
  const lossAndGradient = meanGradient((params: ModelParams, batch: Rows) => model.logProb(params, batch.z, batch.inputs).mean().neg());
  const placement = { threads: options.threads, ...(options.device !== undefined && { device: options.device }) };

  const keyed = (stream: number, member: Tensor) => random.fold(random.fold(random.key(options.seed), stream), member);
  const start = program(
    (member: Tensor): TrainingState => {
      const initial = model.init(keyed(streams.initialise, member));
      const params = packing(initial).pack(initial);
      return { params, optimiser: adam<Tensor>().init(params), ...(average && { average: average.init(params) }) };
    },
    { ...placement, name: "initialise" },
  );

  /** The whole epoch: shuffle, and for each minibatch gather, loss, gradient, clip and step; then the loss of the validation rows. */
  const epoch = program(
    (state: TrainingState, data: Rows, member: Tensor, number: Tensor, rate: Tensor, weightDecay: Tensor) => {
      const layout = packingOf(model);
      const optimiser = optimiserAt(rate, weightDecay, layout.weights());
      const pick = (indices: Tensor): Rows => tree.map((column: Tensor) => take(column, indices), data) as Rows;
      // The network's fold of validation rows comes first, its training rows follow, round the end.
      const fold = options.ownFolds ? member.mul(validationRows) : 0;
      const rowsAt = (positions: Tensor): Tensor => rem(positions.add(fold), rows);
      const order = rowsAt(random.permutation(random.fold(keyed(streams.shuffle, member), number), trainingRows).add(validationRows));
      const step = (carry: TrainingState, indices: Tensor): [TrainingState, Tensor] => {
        const [loss, gradient] = lossAndGradient(layout.unpack(carry.params), pick(indices));
        const next = optimiser.step(carry.optimiser, carry.params, layout.pack(gradient));
        const averaged = average && { average: average.step(carry.average!, next.params) };
        return [{ params: next.params, optimiser: next.state, ...averaged }, loss];
      };
      const minibatches = order.slice([0], [batches * batchSize]).reshape([batches, batchSize]);
      const [next, losses] = scan(step, state, minibatches);
      const judged = layout.unpack(average ? average.value(next.average!) : next.params);
      return {
        state: next,
        trainingLogProb: losses.mean().neg(),
        validationLogProb: meanLogProb(model, judged, pick(rowsAt(arange(validationRows)))),
      };
    },
    { ...placement, name: "epoch" },
  );

  const chosen = (state: TrainingState) => (average ? average.value(state.average!) : state.params);
  const weights = program((state: TrainingState) => packingOf(model).unpack(chosen(state)), { ...placement, name: "weights" });

  return { start, epoch, weights };
}

/** How the model's parameters lie in the vector. The initial values, of which only the shapes count, are never computed. */
function packingOf(model: Model): Packing<ModelParams> {
  return packing(model.init(random.key(0)));
}

export type TrainingPrograms = ReturnType<typeof trainingPrograms>;

/** {@link TrainingState} between two epochs. */
export type TrainingArrays = ReturnType<TrainingPrograms["start"]>;

/** {@link ModelParams} of a trained member. */
export type ModelArrays = ReturnType<TrainingPrograms["weights"]>;

/** Mean of log q over rows, block by block where they are many, so that memory does not grow with them. */
function meanLogProb(model: Model, params: ModelParams, rows: Rows): Tensor {
  const count = rows.z.shape[0]!;
  if (count < 2 * validationBlock) return model.logProb(params, rows.z, rows.inputs).mean();
  const blocks = tree.map(
    (column: Tensor) => column.reshape([count / validationBlock, validationBlock, ...column.shape.slice(1)]),
    rows,
  ) as Rows;
  const [, means] = scan(
    (carry: Tensor, block: Rows) => [carry, model.logProb(params, block.z, block.inputs).mean()],
    cast(0, "f32"),
    blocks,
  );
  return means.mean();
}

/** Gives the buffers of a tree back at once, rather than when they are collected. */
export function disposeTree(arrays: unknown): void {
  for (const leaf of tree.flatten(arrays).leaves) (leaf as NdArray).dispose();
}
