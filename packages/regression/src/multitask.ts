import {
  type Distribution,
  halfNormal,
  lkjCholesky,
  type Model,
  model,
  multivariateNormal,
  normal,
  observed,
  type ParameterPrior,
  plate,
} from "@credence/core";
import { array, expandDims, matmul, reshape, type Tensor, take } from "@credence/tensor";
import { momentsOf } from "./features.ts";
import { requireSpread } from "./regression-model.ts";

/** Scores of members of J groups, each in one of T tasks. */
export interface MultitaskData {
  /** Names of the T tasks, two or more. */
  readonly tasks: readonly string[];
  /** Of each score: its group, an integer from 0, and its task. */
  readonly group: ArrayLike<number>;
  readonly task: ArrayLike<number>;
  readonly score: ArrayLike<number>;
  /** J; groups without a score in some task, or in any, are predicted from the others. */
  readonly groups: number;
}

export interface MultitaskOptions {
  /** Group effects as mu + diag(tau) L z with z standard normal; false unless given. */
  readonly noncentred?: boolean;
  /** Concentration of the LKJ prior of the correlations; 2 unless given, which leans a little to none. */
  readonly concentration?: number;
}

export type MultitaskParameter = "mu" | "tau" | "factor" | "sigma" | "theta" | "z";

/**
 * Partial pooling over groups and over correlated tasks: the effects of a group in all tasks are one draw of a normal whose correlation is inferred, so that
 * what a group does in one task speaks for what it will do in another.
 *
 *     score_k ~ N(theta_{g(k), t(k)}, sigma_t²),  theta_j ~ N(mu, S),  S = diag(tau) L L^T diag(tau),  L ~ LKJ(2)
 *     mu_t ~ N(mean_t, (5 s_t)²),  tau_t, sigma_t ~ half-N(s_t)    with mean_t and s_t of the scores in task t
 *
 * Quantities: mu[T], tau[T], factor (L), sigma[T], theta[J, T], correlation[T, T]; z[J, T] instead of theta among the parameters where not centred.
 * Gelman and Hill 2006, chapter 13; Barnard, McCulloch and Meng, Statistica Sinica 10, 2000.
 * @throws {RangeError} for fewer than two tasks, places that do not exist, and a task without two different scores.
 */
export function multitaskModel(data: MultitaskData, options: MultitaskOptions = {}): Model {
  const { noncentred = false, concentration = 2 } = options;
  const { tasks, groups } = data;
  requireSpread("concentration", concentration);
  const { score, group, task } = checked(data);
  const width = tasks.length;
  const byTask = tasks.map((name, t) => {
    const moments = momentsOf(score.filter((_, k) => task[k] === t));
    if (!(moments.sd > 0)) throw new RangeError(`task ${name} needs two different scores at least; leave it out`);
    return moments;
  });
  const [means, sds] = [byTask.map(({ mean }) => mean), byTask.map(({ sd }) => sd)];
  const place = array(Int32Array.from(score, (_, k) => group[k]! * width + task[k]!));
  const taskOf = array(task);
  const factorOf = ({ tau, factor }: Values): Tensor => expandDims(tau, 1).mul(factor);
  const effects = (values: Values): Tensor => matmul(values.z, factorOf(values).T).add(values.mu);
  const likelihood = (theta: Tensor, sigma: Tensor) => ({
    score: observed(normal(take(reshape(theta, [groups * width]), place), take(sigma, taskOf)), score),
  });
  const population = {
    mu: normal(
      means,
      sds.map((sd) => 5 * sd),
    ),
    tau: halfNormal(sds),
    factor: lkjCholesky(width, concentration),
    sigma: halfNormal(sds),
  };
  const correlation = ({ factor }: Pick<Values, "factor">): Tensor => matmul(factor, factor.T);
  if (noncentred) {
    return model(
      { ...population, z: plate(normal(0, 1), groups, width) },
      (values) => likelihood(effects(values as Values), (values as Values).sigma),
      { derived: (values) => ({ theta: effects(values as Values), correlation: correlation(values) }) },
    ) as Model;
  }
  const effect = (values: Values): Distribution => plate(multivariateNormal(values.mu, { cholesky: factorOf(values) }), groups);
  return model(
    { ...population, theta: effect as ParameterPrior },
    (values) => likelihood((values as Values).theta, (values as Values).sigma),
    {
      derived: (values) => ({ correlation: correlation(values as Values) }),
    },
  ) as Model;
}

type Values = { readonly [K in MultitaskParameter]: Tensor };

function checked({ tasks, group, task, score, groups }: MultitaskData) {
  if (tasks.length < 2)
    throw new RangeError(`expected at least two tasks, got ${tasks.length}; one task is estimatesModel or multilevelModel`);
  if (!(Number.isInteger(groups) && groups >= 2)) throw new RangeError(`groups must be an integer >= 2, got ${groups}`);
  if (group.length !== score.length || task.length !== score.length) {
    throw new RangeError(`there are ${score.length} scores, ${group.length} groups and ${task.length} tasks; each score needs one of each`);
  }
  for (let k = 0; k < score.length; k++) {
    if (!Number.isFinite(score[k]))
      throw new RangeError(`score ${k} is ${Number.isNaN(score[k]) ? "missing" : score[k]}; leave it out: scores need not come in pairs`);
    if (!(Number.isInteger(group[k]) && group[k]! >= 0 && group[k]! < groups))
      throw new RangeError(`score ${k} is of group ${group[k]}; groups are integers from 0 to ${groups - 1}`);
    if (!(Number.isInteger(task[k]) && task[k]! >= 0 && task[k]! < tasks.length))
      throw new RangeError(`score ${k} is in task ${task[k]}; tasks are integers from 0 to ${tasks.length - 1} (${tasks.join(", ")})`);
  }
  return { score: Float64Array.from(score), group: Int32Array.from(group), task: Int32Array.from(task) };
}
