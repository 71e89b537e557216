import { array, NdArray, program, type Tensor } from "@credence/tensor";
import { type ClassPredictive, timesLog } from "./binary.ts";

/**
 * Entropy of a label whose probabilities are draws, split into noise and information: H[E p] = E H[p] + I(y; theta), nats.
 * Houlsby et al. 2011, "Bayesian active learning for classification and preference learning"; Depeweg et al. 2018.
 * @param probabilities [S, N, C], each summing to 1 over the C classes; or [S, N], probabilities of the second of two classes
 * @returns probability [N, C], or [N] for two classes given as [S, N]
 * @throws TypeError for what is no array; RangeError for fewer than 2 draws and for what are no probabilities
 */
export async function splitEntropy(probabilities: NdArray): Promise<ClassPredictive> {
  const owner = "splitEntropy";
  if (!(probabilities instanceof NdArray))
    throw new TypeError(`${owner}: probabilities must be an array [S, N, C] or [S, N], got ${typeof probabilities}`);
  const { shape } = probabilities;
  if ((shape.length !== 2 && shape.length !== 3) || probabilities.size === 0)
    throw new RangeError(`${owner}: probabilities must have shape [S, N, C] or [S, N], got [${shape.join(", ")}]`);
  if (shape[0]! < 2) throw new RangeError(`${owner}: one draw of the parameters has no spread; expected 2 or more, got ${shape[0]}`);
  const values = Float64Array.from(probabilities.data());
  const bad = values.findIndex((p) => !(p >= 0 && p <= 1));
  if (bad >= 0) throw new RangeError(`${owner}: probabilities must be in [0, 1], got ${values[bad]} at place ${bad}`);
  const classes = shape[2] ?? 1;
  if (shape.length === 3)
    for (let at = 0; at < values.length; at += classes) {
      const total = values.subarray(at, at + classes).reduce((a, b) => a + b, 0);
      if (Math.abs(total - 1) > 1e-5)
        throw new RangeError(
          `${owner}: probabilities must sum to 1 over classes, got ${total} for draw ${Math.floor(at / classes / shape[1]!)}`,
        );
    }
  return split.runAsync([array(values, { shape })]);
}

const split = program(
  (p: Tensor) => {
    const binary = p.rank === 2;
    const entropyOf = (q: Tensor): Tensor => (binary ? timesLog(q).add(timesLog(q.neg().add(1))) : timesLog(q).sum(-1)).neg();
    const probability = p.mean(0);
    const entropy = entropyOf(probability);
    const aleatoric = entropyOf(p).mean(0);
    return { probability, entropy, aleatoric, epistemic: entropy.sub(aleatoric) };
  },
  { name: "entropy of draws" },
);
