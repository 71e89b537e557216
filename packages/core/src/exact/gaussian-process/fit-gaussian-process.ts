import { array, constant, defaultThreads, program, random, type Tensor, vmap } from "@credence/tensor";
import { type MinimiseOptions, minimise } from "../../optimize/minimise.ts";
import { cancelled, keyOf, requireCount } from "../table.ts";
import { checkedData, type GaussianProcess, type GaussianProcessOptions, logMarginal, processAt } from "./gaussian-process.ts";

export interface FitGaussianProcessOptions extends GaussianProcessOptions {
  /** Further starts, parameters multiplied by e^z, z ~ N(0, 1); 4 if absent. */
  readonly restarts?: number;
  /** Of those starts; 0 if absent. */
  readonly seed?: number;
  readonly minimise?: Pick<MinimiseOptions, "steps" | "threads" | "gradientTolerance">;
}

export interface FittedGaussianProcess extends GaussianProcess {
  /** How the starts ended, that of the given parameters first. */
  readonly starts: readonly { readonly logEvidence: number; readonly status: string; readonly steps: number }[];
}

/** A parameter that went this many e-folds from its start is one that the data do not bound. */
const foldsMax = 12;

/**
 * A Gaussian process whose kernel parameters and noise maximise the evidence: L-BFGS on their logarithms from the values given and from further starts,
 * side by side in one program.
 * Rasmussen and Williams 2006, section 5.4.1.
 * @throws RangeError as `gaussianProcess`, and where y does not vary
 */
export async function fitGaussianProcess(options: FitGaussianProcessOptions): Promise<FittedGaussianProcess> {
  const owner = "fitGaussianProcess";
  const { restarts = 4, seed = 0 } = options;
  requireCount(owner, "restarts", restarts, 0);
  const data = checkedData(owner, options);
  const { x, y, names, kernel, mean, logs } = data;
  const size = logs.length;
  const values = y.data();
  if (values.every((v: number) => v === values[0]))
    throw new RangeError(
      `${owner}: y is the same number in every row, ${values[0]}: its evidence grows without end as the noise goes to 0`,
    );
  // The values given must have an evidence: this refuses a singular covariance in words.
  await processAt(owner, data, []);
  const begin = program((first: Tensor, key: Tensor) =>
    first.add(
      random.normal(key, [restarts + 1, size], { dtype: "f64" }).mul(
        constant(
          Array.from({ length: restarts + 1 }, (_, i) => [Number(i > 0)]),
          "f64",
        ),
      ),
    ),
  );
  const objective = (rows: Tensor): Tensor => vmap((t: Tensor) => logMarginal(kernel, t, constant(x), constant(y), mean).neg())(rows);
  const started = await begin.runAsync([array(logs), keyOf(owner, seed)]);
  const minima = await minimise(objective, started, {
    gradientTolerance: 1e-6,
    threads: defaultThreads(),
    ...options.minimise,
    ...cancelled(options.signal),
  });
  const best = minima.value.reduce((at, value, i) => (value < minima.value[at]! || !Number.isFinite(minima.value[at]!) ? i : at), 0);
  const found = Float64Array.from(minima.position.data().slice(best * size, (best + 1) * size));
  const labels = [...kernel.parameters.map((p) => p.name), "noise"];
  const columns = x.data();
  const flat = names.filter((_, j) => y.data().every((__: number, i: number) => columns[i * names.length + j] === columns[j]));
  const warnings = [
    ...flat.map((name) => `column ${name} has the same value in every row: the data say nothing of its length scale`),
    ...labels.flatMap((label, i) =>
      Math.abs(found[i]! - logs[i]!) > foldsMax
        ? [
            `${label} went to ${Math.exp(found[i]!).toPrecision(2)}, where the evidence is flat: the data do not bound it; fix it, or take it out of the kernel`,
          ]
        : [],
    ),
    ...(minima.status[best] === "running" ? ["the evidence still rose when the steps ended: raise minimise.steps"] : []),
  ];
  return {
    ...(await processAt(owner, { ...data, logs: found }, warnings)),
    starts: minima.value.map((value, i) => ({ logEvidence: -value, status: minima.status[i]!, steps: minima.steps[i]! })),
  };
}
