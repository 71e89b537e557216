import { type Distribution, flat, halfCauchy, halfNormal, model, normal, observed, plate } from "@credence/core";
import { array, matmul } from "@credence/tensor";
import { matrix, vector } from "../data.ts";
import type { Data } from "../folder.ts";

/** y ~ N(X beta, sigma) with one prior for every coefficient. `columns`: those of X. */
function linearRegression(
  y: readonly number[],
  columns: readonly (readonly number[])[],
  prior: { readonly beta: Distribution; readonly sigma: Distribution },
) {
  const x = array(
    y.map((_, i) => columns.map((column) => column[i]!)),
    { dtype: "f64" },
  );
  return model({ beta: plate(prior.beta, columns.length), sigma: prior.sigma }, ({ beta, sigma }) =>
    observed(normal(matmul(x, beta), sigma), [...y]),
  );
}

const ones = (like: readonly unknown[]): number[] => like.map(() => 1);
const times = (a: readonly number[], b: readonly number[]): number[] => a.map((value, i) => value * b[i]!);
const positive = flat({ low: 0 });

/** No intercept; beta ~ N(0, 10), sigma ~ half-normal(10). */
export function blr(data: Data) {
  const x = matrix(data, "X");
  const columns = x[0]!.map((_, j) => x.map((row) => row[j]!));
  return linearRegression(vector(data, "y"), columns, { beta: normal(0, 10), sigma: halfNormal(10) });
}

/** Test score of children on their mother's schooling and IQ (Gelman and Hill 2007, section 3.2); beta flat, sigma ~ half-Cauchy(2.5). */
export function kidscore(data: Data, { interaction = false } = {}) {
  const [school, iq] = [vector(data, "mom_hs"), vector(data, "mom_iq")];
  const columns = [ones(iq), school, iq, ...(interaction ? [times(school, iq)] : [])];
  return linearRegression(vector(data, "kid_score"), columns, { beta: flat(), sigma: halfCauchy(2.5) });
}

/** Log earnings on height and sex with their interaction (Gelman and Hill 2007, section 4.3); flat. */
export function logearnInteraction(data: Data) {
  const [height, male] = [vector(data, "height"), vector(data, "male")];
  const columns = [ones(height), height, male, times(height, male)];
  return linearRegression(vector(data, "earn").map(Math.log), columns, { beta: flat(), sigma: positive });
}

/** Log weight of mesquite bushes on the logs of their measures (Gelman and Hill 2007, section 4.6); flat. */
export function logmesquite(data: Data) {
  const logs = ["diam1", "diam2", "canopy_height", "total_height", "density"].map((name) => vector(data, name).map(Math.log));
  const columns = [ones(logs[0]!), ...logs, vector(data, "group")];
  return linearRegression(vector(data, "weight").map(Math.log), columns, { beta: flat(), sigma: positive });
}
