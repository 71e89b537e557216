/** How a posterior is trained. */
export interface TrainingOptions {
  /** Rows of a minibatch; 200 if absent, and never more than there are. */
  readonly batchSize?: number;
  /** 5e-4 if absent. */
  readonly learningRate?: number;
  /** `"cosine"`: decays to 0 at `maxEpochs` (if absent); `"constant"`: stays. */
  readonly schedule?: "constant" | "cosine";
  /** Epochs of linear rise at the start of a cosine; 1 if absent. */
  readonly warmupEpochs?: number;
  /** Share of the rows held out to tell when to stop; 0.1 if absent. */
  readonly validationFraction?: number;
  /** Epochs without a better validation loss before training stops; 20 if absent. */
  readonly patience?: number;
  /** 200 if absent. */
  readonly maxEpochs?: number;
  /** Limit on the norm of the gradient; 5 if absent. */
  readonly clipNorm?: number;
  readonly weightDecay?: number;
  /** Decay of a moving average of the weights, which is then what is judged and kept; 0 (none) if absent. */
  readonly averageDecay?: number;
  /** Networks trained from different starts, whose mixture is the posterior; 1 if absent. */
  readonly ensembleSize?: number;
  /** `"stacking"`: weights that maximise the mixture's validation log probability; `"equal"` if absent. */
  readonly ensembleWeights?: "equal" | "stacking";
}

export type ResolvedTraining = Required<TrainingOptions>;

/** Defaults filled in; refuses what cannot be. */
export function resolveTraining(options: TrainingOptions = {}): ResolvedTraining {
  const resolved: ResolvedTraining = {
    batchSize: 200,
    learningRate: 5e-4,
    schedule: "cosine",
    warmupEpochs: 1,
    validationFraction: 0.1,
    patience: 20,
    maxEpochs: 200,
    clipNorm: 5,
    weightDecay: 0,
    averageDecay: 0,
    ensembleSize: 1,
    ensembleWeights: "equal",
    ...options,
  };
  const refuse = (name: keyof ResolvedTraining, expected: string): never => {
    throw new RangeError(`training.${name} must be ${expected}, got ${String(resolved[name])}`);
  };
  for (const name of ["batchSize", "patience", "maxEpochs", "ensembleSize"] as const) {
    if (!(Number.isInteger(resolved[name]) && resolved[name] > 0)) refuse(name, "a positive integer");
  }
  for (const name of ["learningRate", "clipNorm"] as const) {
    if (!(resolved[name] > 0 && Number.isFinite(resolved[name]))) refuse(name, "positive and finite");
  }
  if (!(Number.isInteger(resolved.warmupEpochs) && resolved.warmupEpochs >= 0 && resolved.warmupEpochs < resolved.maxEpochs)) {
    refuse("warmupEpochs", `an integer in [0, maxEpochs = ${resolved.maxEpochs})`);
  }
  if (!(resolved.validationFraction > 0 && resolved.validationFraction < 1)) refuse("validationFraction", "in (0, 1)");
  if (!(resolved.weightDecay >= 0)) refuse("weightDecay", ">= 0");
  if (!(resolved.averageDecay >= 0 && resolved.averageDecay < 1)) refuse("averageDecay", "in [0, 1)");
  if (!["constant", "cosine"].includes(resolved.schedule)) refuse("schedule", '"constant" or "cosine"');
  if (!["equal", "stacking"].includes(resolved.ensembleWeights)) refuse("ensembleWeights", '"equal" or "stacking"');
  return resolved;
}
