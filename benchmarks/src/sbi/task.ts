import { join } from "node:path";
import { logNormal, multivariateNormal, normal, type Parameters, parameters, uniform } from "@credence/core";
import { array, type Tensor } from "@credence/tensor";
import type { TaskName } from "./figures.ts";
import { readCsv } from "./observations.ts";
import { bernoulliGlm, bernoulliGlmPrecision } from "./tasks/bernoulli-glm.ts";
import { gaussianLinear, gaussianMixture, linearVariance } from "./tasks/gaussian.ts";
import { lotkaVolterra } from "./tasks/lotka-volterra.ts";
import { sir } from "./tasks/sir.ts";
import { slcp } from "./tasks/slcp.ts";
import { twoMoons } from "./tasks/two-moons.ts";

/** One task of the simulation-based inference benchmark (Lueckmann et al. 2021). */
export interface Task {
  readonly parameters: Parameters;
  /** theta [n, D] -> x [n, C]. Traced. */
  readonly simulate: (key: Tensor, theta: Tensor) => Tensor;
}

/** The definitions by name. `data`: the folder of the observations, from which bernoulli_glm reads its design matrix. */
export const tasks: Readonly<Record<TaskName, (data: string) => Promise<Task>>> = {
  two_moons: async () => ({ parameters: box(2, 1), simulate: twoMoons }),
  slcp: async () => ({ parameters: box(5, 3), simulate: slcp }),
  gaussian_linear: async () => ({ parameters: components(10, () => normal(0, Math.sqrt(linearVariance))), simulate: gaussianLinear }),
  gaussian_linear_uniform: async () => ({ parameters: box(10, 1), simulate: gaussianLinear }),
  gaussian_mixture: async () => ({ parameters: box(2, 10), simulate: gaussianMixture }),
  sir: async () => ({
    parameters: parameters({
      beta: { prior: logNormal(Math.log(0.4), 0.5), unit: "1/day" },
      gamma: { prior: logNormal(Math.log(0.125), 0.2), unit: "1/day" },
    }),
    simulate: sir,
  }),
  bernoulli_glm: async (data) => {
    const design = await readCsv(join(data, "bernoulli_glm", "design_matrix.csv"));
    const prior = multivariateNormal(new Array<number>(10).fill(0), { precision: bernoulliGlmPrecision() });
    return {
      parameters: parameters({ theta: { prior } }),
      simulate: bernoulliGlm(array(Float32Array.from(design.values), { shape: [design.rows, design.columns] })),
    };
  },
  lotka_volterra: async () => {
    const [growth, interaction] = [logNormal(-0.125, 0.5), logNormal(-3, 0.5)];
    return {
      parameters: parameters({
        alpha: { prior: growth },
        beta: { prior: interaction },
        gamma: { prior: growth },
        delta: { prior: interaction },
      }),
      simulate: lotkaVolterra,
    };
  },
};

/** `dimension` numbers, independent. */
const components = (dimension: number, prior: () => ReturnType<typeof normal>): Parameters =>
  parameters(Object.fromEntries(Array.from({ length: dimension }, (_, i) => [`theta${i + 1}`, { prior: prior() }])));

/** Uniform on [-half, half]^dimension. */
const box = (dimension: number, half: number): Parameters => components(dimension, () => uniform(-half, half));
