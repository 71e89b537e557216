import { bernoulliLogit, flat, model, observed, plate } from "@credence/core";
import { array, matmul } from "@credence/tensor";
import { vector } from "../data.ts";
import type { Data } from "../folder.ts";

/** Who switched to another well: logit = alpha + beta_1 distance / 100 m + beta_2 arsenic (Gelman and Hill 2007, section 5.4); flat. */
export function wellsDist100ars(data: Data) {
  const [distance, arsenic] = [vector(data, "dist"), vector(data, "arsenic")];
  const x = array(
    distance.map((d, i) => [d / 100, arsenic[i]!]),
    { dtype: "f64" },
  );
  return model({ alpha: flat(), beta: plate(flat(), 2) }, ({ alpha, beta }) =>
    observed(bernoulliLogit(alpha.add(matmul(x, beta))), vector(data, "switched")),
  );
}
