import {
  argsort,
  eigenSymmetric,
  eye,
  floor,
  index,
  matmul,
  matrixTranspose,
  type NdArray,
  oneHot,
  program,
  random,
  softmax,
  type Tensor,
  take,
} from "@credence/tensor";

/** Mean [d] and variance [d] of the columns, and the variances as a diagonal matrix. */
export const describeRows = program((x: Tensor) => {
  const mean = x.mean(0);
  const variance = x.sub(mean).square().mean(0);
  return { mean, variance, scatter: eye(mean.size, "f64").mul(variance) };
});

/** Columns with mean 0 and variance 1. */
function standardised(x: Tensor): Tensor {
  const from = x.sub(x.mean(0));
  return from.div(from.square().mean(0).sqrt());
}

/** Responsibilities of 0.9 for one of K slices of equal size along the first principal axis of standardised columns, the rest shared. */
export async function sliceStart(x: NdArray, components: number): Promise<NdArray> {
  const [rows] = x.shape as [number];
  const run = program((table: Tensor) => {
    const z = standardised(table);
    const [, vectors] = eigenSymmetric(matmul(matrixTranspose(z), z));
    const score = matmul(z, index(vectors, vectors.shape[0]! - 1, 1));
    const rank = argsort(argsort(score).cast("f64")).cast("f64");
    const slice = floor(rank.mul(components / rows)).cast("i32");
    const rest = components === 1 ? 0 : 0.1 / (components - 1);
    return oneHot(slice, components, "f64")
      .mul(components === 1 ? 1 : 0.9 - rest)
      .add(rest);
  });
  return run.runAsync([x]);
}

/** Responsibilities by the distance, in standard deviations, from K rows drawn at random without repetition. */
export async function randomStart(x: NdArray, components: number, key: NdArray, number: number): Promise<NdArray> {
  const run = program((table: Tensor, k: Tensor) => {
    const z = standardised(table);
    const chosen = random.permutation(random.fold(k, number), z.shape[0]!).slice([0], [components]);
    const centre = take(z, chosen);
    const distance = z.expandDims(1).sub(centre.expandDims(0)).square().sum(2);
    return softmax(distance.mul(-0.5), 1);
  });
  return run.runAsync([x, key]);
}
