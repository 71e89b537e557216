import { createHash } from "node:crypto";
import { cast, defaultThreads, type NdArray, program, type Tensor, tree } from "@credence/tensor";
import type { Progress } from "../application.ts";
import { concurrent } from "../simulate/concurrent.ts";
import type { Prior } from "../simulate/prior.ts";
import { requireSeed } from "../simulate/streams.ts";
import { checkpointIn } from "./checkpoint.ts";
import { Contest } from "./contest.ts";
import { type Embedding, identityEmbedding } from "./embedding.ts";
import { disposeTree, type ModelArrays, trainingPrograms } from "./epoch.ts";
import { type EpochInfo, type MemberRecord, trainMember } from "./member.ts";
import { type FlowOptions, type Model, type ModelParams, type ModelShape, makeModel } from "./model.ts";
import { resolveTraining, type TrainingOptions } from "./options.ts";
import { Posterior } from "./posterior.ts";
import { inferredBounds, inferredColumns, prepare, type Rows, type TrainingRows, usableRows, validationBlock } from "./prepare.ts";
import { stackingWeights } from "./stacking.ts";

export interface TrainPosteriorOptions {
  readonly parameters: Prior;
  /** [n, D], all columns of `parameters`, nuisance parameters included; they are left out of the posterior. */
  readonly theta: NdArray;
  /** [n, ...]. Rows that are NaN throughout are left out; single NaN are missing values, which the network is told of. */
  readonly x: NdArray;
  /** The flow sees x as it is if absent. */
  readonly embedding?: Embedding;
  readonly flow?: FlowOptions;
  readonly training?: TrainingOptions;
  /** An integer in [0, 2^32). */
  readonly seed: number;
  /** Networks of an ensemble train at the same time, a thread each; all cores if absent. The result does not depend on it. */
  readonly threads?: number;
  readonly device?: string;
  readonly signal?: AbortSignal;
  /** Called with phase "train", after each epoch of each network. */
  readonly onProgress?: Progress;
  readonly onEpoch?: (info: EpochInfo) => void;
  /** A directory in which training is kept between epochs: a run that was stopped goes on from there and ends with the same bits. */
  readonly checkpoint?: string;
}

/**
 * Amortised neural posterior estimation: maximises the mean log q(theta | x) over simulations, with q a normalising flow over
 * unconstrained standardised parameters. One epoch is one run of one native program.
 * Papamakarios and Murray 2016; Greenberg, Nonnenmacher and Macke 2019; Durkan et al. 2019.
 *
 * @throws RangeError for data or options that cannot be; TrainingError where no loss is finite.
 */
export async function trainPosterior(options: TrainPosteriorOptions): Promise<Posterior> {
  const { parameters, seed, device, signal, onProgress, onEpoch, checkpoint, threads = defaultThreads() } = options;
  const { embedding = identityEmbedding(), flow = {} } = options;
  requireSeed(seed);
  if (!(Number.isInteger(threads) && threads > 0)) throw new RangeError(`threads must be a positive integer, got ${threads}`);
  const training = resolveTraining(options.training);
  const data = usableRows(parameters, options.theta, options.x);
  const validationRows = splitRows(data.rows, training.validationFraction);
  const rowShape = data.x.shape.slice(1);
  const shape: ModelShape = {
    dimension: inferredColumns(parameters).length,
    features: featuresOf(rowShape, embedding.layout),
    missing: data.missing,
    flow,
  };
  const model = makeModel(shape, embedding);
  signal?.throwIfAborted();

  const placed = device !== undefined ? { device } : {};
  const cancellable = signal ? { signal } : {};
  const prepared = await prepare(data, { parameters, layout: embedding.layout, seed, ...placed, ...cancellable });
  const trainingRows = data.rows - validationRows;
  const { ensembleSize, maxEpochs } = training;
  const lanes = Math.min(threads, Math.max(ensembleSize, [training.weightDecay].flat().length));
  const batchSize = Math.min(training.batchSize, trainingRows);
  // Stacking compares networks on the same rows.
  const ownFolds = training.ensembleWeights === "equal";
  // A small step is not worth sharing: its threads would wait for each other more than they work.
  const stepThreads = batchSize >= rowsWorthSharing ? Math.floor(threads / lanes) : 1;
  const programs = trainingPrograms(model, {
    ...training,
    batchSize,
    trainingRows,
    validationRows,
    ownFolds,
    seed,
    threads: stepThreads,
    ...placed,
  });
  const store =
    checkpoint === undefined ? undefined : checkpointIn(checkpoint, identityOf(data, { seed, shape, embedding, training }), device);

  const decays = [training.weightDecay].flat();
  const epochsDone = new Map<number, number>();
  const report = (place: number, epochs: number) => {
    epochsDone.set(place, epochs);
    const done = [...epochsDone.values()].reduce((sum, n) => sum + n);
    onProgress?.("train", done, (ensembleSize + decays.length - 1) * maxEpochs);
  };
  const train = async (member: number, weightDecay: number, place: number, heed?: (logProb: number) => void): Promise<Trained> => {
    const trained = await trainMember({
      member,
      weightDecay,
      place,
      programs,
      data: prepared,
      training,
      fold: { first: ownFolds ? member * validationRows : 0, count: validationRows },
      ...(store && { checkpoint: store }),
      ...cancellable,
      onEpoch: (info) => {
        onEpoch?.(info);
        heed?.(info.validationLogProb);
        report(place, info.epoch + 1);
      },
    });
    report(place, maxEpochs);
    return trained;
  };
  // The first network with every candidate decay; the best one trains the rest, which start as soon as it is known.
  const candidates: Trained[] = [];
  const others: Trained[] = [];
  const decision = new Contest(decays.length);
  const trainCandidate = async (c: number): Promise<void> => {
    try {
      const trained = await train(0, decays[c]!, c === 0 ? 0 : ensembleSize + c - 1, (logProb) => decision.score(c, logProb));
      candidates[c] = trained;
      decision.finish(c, trained.record.validationLogProb[trained.record.bestEpoch]!);
    } catch (error) {
      decision.fail(error);
      throw error;
    }
  };
  const trainOther = async (i: number): Promise<void> => {
    others[i] = await train(i + 1, decays[await decision.winner]!, i + 1);
  };
  const tasks = decays.length + ensembleSize - 1;
  await concurrent(tasks, lanes, (k) => (k < decays.length ? trainCandidate(k) : trainOther(k - decays.length)), signal);
  const first = candidates[await decision.winner]!;
  for (const { params } of candidates.filter((loser) => loser !== first)) disposeTree(params);
  const trained = [first, ...others];

  const members = trained.map(({ params }) => params);
  const weights =
    training.ensembleWeights === "equal" || ensembleSize === 1
      ? new Array<number>(ensembleSize).fill(1 / ensembleSize)
      : stackingWeights(await rowLogProbs(model, members, prepared.rows, validationRows, placed));
  disposeTree(prepared.rows);
  return new Posterior({
    names: inferredColumns(parameters).map((d) => parameters.names[d]!),
    bounds: inferredBounds(parameters),
    rowShape,
    shape,
    embedding,
    model,
    members,
    weights,
    scales: prepared.scales,
    record: { members: trained.map(({ record }) => record), trainingRows, validationRows, droppedRows: data.dropped },
    ...placed,
  });
}

type Trained = { readonly params: ModelArrays; readonly record: MemberRecord };

const rowsMin = 20;
/** Minibatches from this size on are computed by several threads. */
const rowsWorthSharing = 1000;

/** Rows for validation: a share, in whole blocks where they are many. */
function splitRows(rows: number, fraction: number): number {
  if (rows < rowsMin) throw new RangeError(`training needs at least ${rowsMin} simulations that did not fail, got ${rows}`);
  const wanted = Math.min(Math.max(1, Math.round(rows * fraction)), rows - 1);
  return wanted < 2 * validationBlock ? wanted : wanted - (wanted % validationBlock);
}

function featuresOf(rowShape: readonly number[], layout: Embedding["layout"]): number {
  if (layout === "features") return rowShape.reduce((product, extent) => product * extent, 1);
  if (rowShape.length > 2) throw new RangeError(`this embedding takes rows of shape [elements, features], got [${rowShape.join(", ")}]`);
  return rowShape.length === 1 ? 1 : rowShape[1]!;
}

/** log q of every validation row under every member. */
async function rowLogProbs(
  model: Model,
  members: readonly ModelArrays[],
  rows: Rows<NdArray>,
  validationRows: number,
  placed: { readonly device?: string },
): Promise<ArrayLike<number>[]> {
  const run = program(
    (params: ModelParams, all: Rows) => {
      const judged = tree.map((column: Tensor) => column.slice([0], [validationRows]), all) as Rows;
      return cast(model.logProb(params, judged.z, judged.inputs), "f64") as Tensor;
    },
    { name: "validate", ...placed },
  );
  const results: ArrayLike<number>[] = [];
  for (const params of members) results.push((await run.runAsync([params, rows])).data());
  return results;
}

/** SHA-256 of all that fixes the result of a training. */
function identityOf(data: TrainingRows, settings: { readonly embedding: Embedding } & Readonly<Record<string, unknown>>): string {
  const { embedding, ...rest } = settings;
  const hash = createHash("sha256").update(JSON.stringify({ ...rest, embedding: [embedding.kind, embedding.options] }));
  for (const values of [data.theta.data(), data.x.data()]) {
    hash.update(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
  }
  return hash.digest("hex");
}
