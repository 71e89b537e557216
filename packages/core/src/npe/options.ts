/** How a posterior is trained. */
export interface TrainingOptions {
  /** Rows of a minibatch; 200 if absent, and never more than there are. */
  readonly batchSize?: number;
  /** 4e-3 if absent. It rises linearly over the first epoch, and over 100 steps at least. */
  readonly learningRate?: number;
  /**
   * `"plateau"` (if absent): after `patience` epochs without a better validation loss, training goes back to the best epoch with a lower
   * rate, and stops when that has happened `cuts` times. `"cosine"`: decays to 0 at `maxEpochs`. `"constant"`: stays.
   */
  readonly schedule?: "plateau" | "cosine" | "constant";
  /** Times that a plateau lowers the rate before training stops; 2 if absent. */
  readonly cuts?: number;
  /** Factor by which a plateau lowers the rate; 0.3 if absent. */
  readonly cutFactor?: number;
  /** Share of the rows held out to tell when to stop; 0.1 if absent. */
  readonly validationFraction?: number;
  /** Epochs without a better validation loss (by 0.003 nats) that make a plateau; without cuts, training stops there. 6 if absent. */
  readonly patience?: number;
  /** 500 if absent. */
  readonly maxEpochs?: number;
  /** Limit on the norm of the gradient; 5 if absent. */
  readonly clipNorm?: number;
  /**
   * Decoupled decay of weights, biases apart. Of several candidates, each trains the first network, on the same rows, and the one whose
   * validation loss is best trains the others; [0.3, 0.03] if absent. Strong decay keeps few simulations from being learned by heart, weak
   * decay lets sharp posteriors be sharp.
   */
  readonly weightDecay?: number | readonly number[];
  /** Decay of a moving average of the weights, which is then what is judged and kept; 0.99 if absent, 0 for none. */
  readonly averageDecay?: number;
  /** Networks trained from different starts, whose mixture is the posterior; 3 if absent. Each is judged by rows of its own. */
  readonly ensembleSize?: number;
  /** `"stacking"`: weights that maximise the mixture's log probability of validation rows, then common to all; `"equal"` if absent. */
  readonly ensembleWeights?: "equal" | "stacking";
}

export type ResolvedTraining = Required<TrainingOptions>;

/** Defaults filled in; refuses what cannot be. */
export function resolveTraining(options: TrainingOptions = {}): ResolvedTraining {
  const resolved: ResolvedTraining = {
    batchSize: 200,
    learningRate: 4e-3,
    schedule: "plateau",
    cuts: 2,
    cutFactor: 0.3,
    validationFraction: 0.1,
    patience: 6,
    maxEpochs: 500,
    clipNorm: 5,
    weightDecay: [0.3, 0.03],
    averageDecay: 0.99,
    ensembleSize: 3,
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
  if (!(Number.isInteger(resolved.cuts) && resolved.cuts >= 0)) refuse("cuts", "an integer >= 0");
  if (!(resolved.cutFactor > 0 && resolved.cutFactor < 1)) refuse("cutFactor", "in (0, 1)");
  if (!(resolved.validationFraction > 0 && resolved.validationFraction < 1)) refuse("validationFraction", "in (0, 1)");
  const decays = [resolved.weightDecay].flat();
  if (decays.length === 0 || !decays.every((decay) => decay >= 0 && Number.isFinite(decay)))
    refuse("weightDecay", ">= 0, or a list of such");
  if (!(resolved.averageDecay >= 0 && resolved.averageDecay < 1)) refuse("averageDecay", "in [0, 1)");
  if (!["plateau", "cosine", "constant"].includes(resolved.schedule)) refuse("schedule", '"plateau", "cosine" or "constant"');
  if (!["equal", "stacking"].includes(resolved.ensembleWeights)) refuse("ensembleWeights", '"equal" or "stacking"');
  return resolved;
}
