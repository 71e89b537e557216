import { exp, eye, type Tensor, zeros } from "@credence/tensor";
import { standardNormalLogProb } from "../flow/flow.ts";
import { requireWidth } from "../network/network.ts";
import { drawn, scaleOf, standardEntropy, type VariationalFamily } from "./family.ts";

/** location, logScale: [D] */
export type MeanFieldParams = { readonly location: Tensor; readonly logScale: Tensor };

/** q(u) = product over d of N(u_d; location_d, exp(logScale_d)^2): a factor for each coordinate, and no correlation. */
export function meanFieldNormal(dimension: number): VariationalFamily<MeanFieldParams> {
  requireWidth("dimension", dimension);
  return drawn<MeanFieldParams>({
    name: "mean-field",
    dimension,
    noise: dimension,
    base: "diagonal",
    init: () => ({ location: zeros([dimension], "f64"), logScale: zeros([dimension], "f64") }),
    place({ location, logScale }, base) {
      const scale = scaleOf(base);
      return { location: base.mean.add(scale.mul(location)), logScale: logScale.add(scale.log()) };
    },
    transform: ({ location, logScale }, noise) => location.add(exp(logScale).mul(noise)),
    logProb: ({ location, logScale }, u) => standardNormalLogProb(u.sub(location).mul(exp(logScale.neg()))).sub(logScale.sum()),
    entropy: ({ logScale }) => logScale.sum().add(standardEntropy(dimension)),
    moments: ({ location, logScale }) => ({ mean: location, covariance: eye(dimension, "f64").mul(exp(logScale.mul(2))) }),
  });
}
