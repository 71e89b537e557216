export interface DriftOptions {
  /** Probability, while the material stays as it is, that the alarm ever sounds, however long the twin runs; 0.001 if absent. */
  readonly falseAlarm?: number;
  /** Factors by which displacements may have changed, none of them 1; from 20 % less to 25 % more if absent. */
  readonly changes?: readonly number[];
}

export interface DriftMonitor {
  readonly falseAlarm: number;
  readonly changes: readonly number[];
}

/** Evidence that the material is no longer the one that earlier readings told of. */
export interface DriftState {
  readonly readings: number;
  /** Log of the e-value, nats; an alarm sounds at log(1 / falseAlarm). */
  readonly logEvidence: number;
  /** Stays once it has sounded. */
  readonly alarm?: {
    /** Number of the reading, from 0, that raised it. */
    readonly at: number;
    /** Number of the first reading that is likely to be of the changed material. */
    readonly since: number;
    /** Factor by which displacements are likely to have changed: above 1 it is softer. */
    readonly change: number;
  };
  /** By factor: log of the weight of all changes so far, best log score since the best start, and that start. */
  readonly logWeights: readonly number[];
  readonly scores: readonly number[];
  readonly starts: readonly number[];
}

const usual = [0.8, 0.9, 0.95, 0.98, 0.99, 1.01, 1.02, 1.05, 1.1, 1.25];

/** @throws {RangeError} for a probability or a factor at fault */
export function requireDrift({ falseAlarm = 0.001, changes = usual }: DriftOptions): DriftMonitor {
  if (!(falseAlarm > 0 && falseAlarm < 1)) throw new RangeError(`falseAlarm must be a probability in (0, 1), got ${falseAlarm}`);
  const bad = changes.find((change) => !(change > 0 && Number.isFinite(change) && change !== 1));
  if (changes.length === 0 || bad !== undefined)
    throw new RangeError(`changes must be factors > 0 of the displacement, other than 1; got ${bad ?? "none"}`);
  return { falseAlarm, changes };
}

export const driftStart = ({ changes }: DriftMonitor): DriftState => ({
  readings: 0,
  logEvidence: 0,
  logWeights: changes.map(() => Number.NEGATIVE_INFINITY),
  scores: changes.map(() => 0),
  starts: changes.map(() => 0),
});

/**
 * One reading more. Each hypothesis is a time t and a factor c: from reading t on, displacements are c times what the twin expects. Its likelihood ratio to the
 * twin's own prediction is multiplied up; over all hypotheses, with prior weight 1 / (t (t + 1)) of a time, the mean ratio is a martingale as long as the twin is
 * right, and passes 1 / alpha with a probability of at most alpha, ever (Ville 1939; Shafer et al. 2011, "Test martingales, Bayes factors and p-values").
 *
 * @param logScores log densities of the reading: by the twin, then by each factor
 */
export function driftStep(state: DriftState, { falseAlarm, changes }: DriftMonitor, logScores: ArrayLike<number>): DriftState {
  const t = state.readings + 1;
  const fresh = -Math.log(t) - Math.log(t + 1) - Math.log(changes.length);
  const ratios = changes.map((_, k) => logScores[k + 1]! - logScores[0]!);
  const logWeights = state.logWeights.map((weight, k) => logAdd(weight, fresh) + ratios[k]!);
  const begins = state.scores.map((score) => score <= 0);
  const scores = state.scores.map((score, k) => Math.max(score, 0) + ratios[k]!);
  const starts = state.starts.map((start, k) => (begins[k] ? t - 1 : start));
  // The times that are still to come keep the rest of the prior, 1 / (t + 1).
  const logEvidence = logWeights.reduce(logAdd, -Math.log(t + 1));
  const next = { readings: t, logEvidence, logWeights, scores, starts };
  if (state.alarm !== undefined) return { ...next, alarm: state.alarm };
  if (logEvidence < -Math.log(falseAlarm)) return next;
  const likely = scores.indexOf(Math.max(...scores));
  return { ...next, alarm: { at: t - 1, since: starts[likely]!, change: changes[likely]! } };
}

/** log(e^a + e^b) */
function logAdd(a: number, b: number): number {
  const top = Math.max(a, b);
  return top === Number.NEGATIVE_INFINITY ? top : top + Math.log1p(Math.exp(Math.min(a, b) - top));
}
