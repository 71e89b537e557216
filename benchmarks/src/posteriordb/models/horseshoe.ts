import { bernoulliLogit, halfStudentT, inverseGamma, model, normal, observed, plate } from "@credence/core";
import { array, matmul } from "@credence/tensor";
import { matrix, number, vector } from "../data.ts";
import type { Data } from "../folder.ts";

/**
 * Logistic regression with the regularised horseshoe (Piironen and Vehtari 2017, section 2.3 and appendix C.2): coefficients
 * beta_j = tau z_j lambda_j c / sqrt(c^2 + tau^2 lambda_j^2) with z ~ N(0, 1), lambda half-t, tau half-t of scale 2 scale_global,
 * c^2 = slab_scale^2 caux, caux ~ InvGamma(slab_df / 2, slab_df / 2).
 */
export function logisticRegressionRhs(data: Data) {
  const x = array(matrix(data, "x"), { dtype: "f64" });
  const [d, slabScale, slabDf] = [number(data, "d"), number(data, "slab_scale"), number(data, "slab_df")];
  return model(
    {
      beta0: normal(0, number(data, "scale_icept")),
      z: plate(normal(0, 1), d),
      tau: halfStudentT(number(data, "nu_global"), 2 * number(data, "scale_global")),
      lambda: plate(halfStudentT(number(data, "nu_local"), 1), d),
      caux: inverseGamma(slabDf / 2, slabDf / 2),
    },
    ({ beta0, z, tau, lambda, caux }) => {
      const slab = caux.mul(slabScale ** 2);
      const local = lambda.square();
      const shrunk = slab
        .mul(local)
        .div(slab.add(tau.square().mul(local)))
        .sqrt();
      return observed(bernoulliLogit(beta0.add(matmul(x, z.mul(shrunk).mul(tau)))), vector(data, "y"));
    },
  );
}
