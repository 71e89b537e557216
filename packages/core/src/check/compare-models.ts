import { type SumOverData, sumOverData } from "./elpd.ts";

export interface ModelScore {
  readonly name: string;
  readonly elpd: SumOverData;
  readonly p: SumOverData;
  /**
   * elpd less that of the best model: 0 for it, negative for the others, nats. Its standard error is that of the paired differences over
   * data.
   */
  readonly difference: SumOverData;
}

export interface ModelComparison {
  /** Best first. */
  readonly models: readonly ModelScore[];
  /** What the differences allow to say, in plain sentences. */
  readonly remarks: readonly string[];
}

/** What `loo` and `waic` give. */
interface Scored {
  readonly names: readonly string[];
  readonly elpd: SumOverData;
  readonly p: SumOverData;
  readonly pointwise: { readonly elpd: Float64Array };
}

/**
 * Ranks models by expected log predictive density, datum by datum (Vehtari, Gelman and Gabry 2017, section 5.2). A difference below 4 nats
 * is small, and its standard error is then too optimistic to be used (Sivula, Magnusson, Matamoros and Vehtari 2023).
 * @param models results of `loo`, or of `waic`, on the same data in the same order
 * @throws RangeError for fewer than two models, or models of different data
 */
export function compareModels(models: Readonly<Record<string, Scored>>): ModelComparison {
  const entries = Object.entries(models).sort(([, a], [, b]) => b.elpd.estimate - a.elpd.estimate);
  const [bestName, best] = entries[0] ?? [];
  if (!best || entries.length < 2) throw new RangeError(`compareModels: expected at least two models, got ${entries.length}`);
  const scored = entries.map(([name, model]): ModelScore => {
    if (model.names.join("\n") !== best.names.join("\n"))
      throw new RangeError(
        `compareModels: ${bestName} has ${best.names.length} data and ${name} ${model.names.length}, or other names of them; expected the same data in the same order`,
      );
    const difference = sumOverData(model.pointwise.elpd.map((value, i) => value - best.pointwise.elpd[i]!));
    return { name, elpd: model.elpd, p: model.p, difference };
  });
  const remarks = scored.slice(1).map(({ name, difference: { estimate, se } }) => {
    const gap = `${bestName} predicts better than ${name} by ${(-estimate).toFixed(1)} nats`;
    if (estimate > -4) return `${gap}: too little to tell them apart; keep the one that makes more sense.`;
    return -estimate > 2 * se
      ? `${gap} (standard error ${se.toFixed(1)}): a clear difference.`
      : `${gap}, but the standard error is ${se.toFixed(1)}: these data do not tell them apart.`;
  });
  return { models: scored, remarks };
}
