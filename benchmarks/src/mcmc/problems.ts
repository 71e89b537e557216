import { bernoulliLogit, halfCauchy, model, normal, observed, plate, type Target } from "@credence/core";
import { array, index, matmul, program, random } from "@credence/tensor";

/** A target, and the same data as `peers/mcmc.R` reads them. */
export interface Problem {
  readonly target: Target;
  readonly data: Float64Array;
  /** How many quantities, counted from the first, are the same here and there. */
  readonly compared: number;
}

/** Logistic regression of simulated data: x ~ N(0, 1) [rows, columns], true coefficients ~ N(0, 0.3^2), prior beta ~ N(0, 1), no intercept. */
export function logistic(rows: number, columns: number): Problem {
  const simulated = program(() => {
    const keys = random.split(random.key(20261127), 3);
    const x = random.normal(index(keys, 0), [rows, columns], { dtype: "f64" });
    const beta = random.normal(index(keys, 1), [columns], { dtype: "f64" }).mul(0.3);
    const y = random.uniform(index(keys, 2), [rows], { dtype: "f64" }).less(matmul(x, beta).sigmoid()).cast("f64");
    return { x, y, byColumns: x.T };
  })();
  const target = model({ beta: plate(normal(0, 1), columns) }, ({ beta }, { x, y }) => observed(bernoulliLogit(matmul(x, beta)), y), {
    data: { x: simulated.x, y: simulated.y },
  });
  const data = new Float64Array(2 + rows * columns + rows);
  data.set([rows, columns]);
  data.set(simulated.byColumns.data(), 2);
  data.set(simulated.y.data(), 2 + rows * columns);
  return { target, data, compared: columns };
}

/** Effects of coaching in eight schools and their standard errors (Rubin 1981), in the non-centred form. */
export function eightSchools(): Problem {
  const y = [28, 8, -3, 7, -1, 1, 18, 12];
  const sigma = [15, 10, 16, 11, 9, 11, 10, 18];
  const target = model(
    { mu: normal(0, 5), tau: halfCauchy(5), theta: ({ mu, tau }) => plate(normal(mu, tau), y.length) },
    ({ theta }) => observed(normal(theta, array(sigma, { dtype: "f64" })), y),
    { noncentred: ["theta"] },
  );
  return { target, data: Float64Array.of(y.length, ...y, ...sigma), compared: 2 };
}
