// A representative of every family of operations that the other groups leave out.
import { cholesky, convolution2d, random, rationalQuadratic, rfft, softmax, solve, sort, sum, type Tensor, take } from "@credence/tensor";
import { pytorch } from "../pytorch.ts";
import { type Emit, type Kernel, measure, uniform } from "./kernel.ts";

/** Positive definite matrices: A A^T / n + 1. */
function covariances(count: number, n: number): Kernel["args"][number] {
  const { data: a } = uniform([count, n, n]);
  const data = new Float32Array(count * n * n);
  for (let c = 0; c < count; c++)
    for (let i = 0; i < n; i++)
      for (let j = 0; j < n; j++) {
        let dot = 0;
        for (let k = 0; k < n; k++) dot += a[(c * n + i) * n + k]! * a[(c * n + j) * n + k]!;
        data[(c * n + i) * n + j] = dot / n + Number(i === j);
      }
  return { shape: [count, n, n], data };
}

const indices = (count: number, below: number): Kernel["args"][number] => ({
  shape: [count],
  data: Int32Array.from({ length: count }, (_, i) => (i * 7919) % below),
});

const spline = { bins: 10, bound: 3 } as const;

const kernels: readonly Omit<Kernel, "peer">[] = [
  { name: "sum of rows", size: "1000 x 1000 f32", compute: (x) => sum(x!, 1), args: [uniform([1000, 1000])] },
  { name: "sum of columns", size: "1000 x 1000 f32", compute: (x) => sum(x!, 0), args: [uniform([1000, 1000])] },
  { name: "softmax", size: "10000 x 100 f32", compute: (x) => softmax(x!), args: [uniform([10_000, 100], 4)] },
  {
    name: "gather",
    size: "100000 of 10000 x 10",
    compute: (x, i) => take(x!, i!),
    args: [uniform([10_000, 10]), indices(100_000, 10_000)],
  },
  { name: "sort", size: "1000 x 1000 f32", compute: (x) => sort(x!), args: [uniform([1000, 1000])] },
  { name: "random normal", size: "1000000 f32", compute: () => random.normal(random.key(1), [1_000_000]), args: [] },
  {
    name: "spline",
    size: "10000 x 5, 10 bins",
    compute: (x, p) => rationalQuadratic(x!, p!, spline) as readonly Tensor[],
    args: [uniform([10_000, 5], 2.9), uniform([10_000, 5, 3 * spline.bins - 1])],
  },
  { name: "cholesky", size: "1000 of 20 x 20 f32", compute: (a) => cholesky(a!), args: [covariances(1000, 20)] },
  {
    name: "solve",
    size: "1000 of 20 x 20 f32",
    compute: (a, b) => solve(a!, b!),
    args: [covariances(1000, 20), uniform([1000, 20, 1])],
  },
  { name: "rfft", size: "1000 x 1024 f32", compute: (x) => rfft(x!), args: [uniform([1000, 1024])] },
  {
    name: "convolution",
    size: "16 of 16 x 32 x 32, 3 x 3",
    compute: (x, w) => convolution2d(x!, w!, { padding: "same" }),
    args: [uniform([16, 16, 32, 32]), uniform([16, 16, 3, 3])],
  },
];

export async function families(seconds: number, emit: Emit): Promise<void> {
  for (const kernel of kernels) {
    const peer = (budget: number) => pytorch("ops", [kernel.name, "--budget", String(budget)], 1);
    await measure({ ...kernel, peer }, seconds, emit);
  }
}
