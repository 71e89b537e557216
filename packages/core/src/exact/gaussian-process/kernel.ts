import type { Tensor } from "@credence/tensor";
import { requirePositive } from "../table.ts";

/** A covariance function, with values of its parameters, all > 0, to use or to start from. */
export interface Kernel {
  readonly name: string;
  readonly parameters: readonly { readonly name: string; readonly value: number }[];
  /** Columns of x that it needs at least, where its parameters are one for each; undefined where any number will do. */
  readonly columns: number | undefined;
  /** k(a_i, b_j), [n, m], for rows a [n, d] and b [m, d] and a scalar for each parameter. Traced, in f64. */
  covariance(values: readonly Tensor[], a: Tensor, b: Tensor): Tensor;
  /** k(a_i, a_i), [n]. */
  variance(values: readonly Tensor[], a: Tensor): Tensor;
}

/** Checks parameters and names them `kernel.parameter`, or `kernel.parameter[j]` for one of each column. */
export function parametersOf(
  name: string,
  values: Readonly<Record<string, number | readonly number[]>>,
): Pick<Kernel, "name" | "parameters"> {
  const parameters = Object.entries(values).flatMap(([parameter, value]) =>
    (typeof value === "number" ? [value] : value).map((v, j) => {
      requirePositive(name, parameter, v);
      return { name: `${name}.${parameter}${typeof value === "number" ? "" : `[${j}]`}`, value: v };
    }),
  );
  return { name, parameters };
}

/** k = k_1 + k_2 + ... */
export const sumOfKernels = (...kernels: readonly Kernel[]): Kernel => combined("sumOfKernels", kernels, (a, b) => a.add(b));

/** k = k_1 k_2 ... */
export const productOfKernels = (...kernels: readonly Kernel[]): Kernel => combined("productOfKernels", kernels, (a, b) => a.mul(b));

function combined(owner: string, kernels: readonly Kernel[], join: (a: Tensor, b: Tensor) => Tensor): Kernel {
  if (kernels.length === 0) throw new RangeError(`${owner}: expected at least one kernel, got none`);
  const ends: number[] = [];
  for (const kernel of kernels) ends.push((ends.at(-1) ?? 0) + kernel.parameters.length);
  const own = (values: readonly Tensor[], i: number) => values.slice(ends[i]! - kernels[i]!.parameters.length, ends[i]);
  // Two kernels of one kind: the second's parameters are named with its number.
  const seen = new Map<string, number>();
  const parameters = kernels.flatMap((kernel) => {
    const before = seen.get(kernel.name) ?? 0;
    seen.set(kernel.name, before + 1);
    return kernel.parameters.map(({ name, value }) => ({ name: before === 0 ? name : `${name}#${before + 1}`, value }));
  });
  const columns = kernels.flatMap((kernel) => kernel.columns ?? []);
  return {
    name: owner === "sumOfKernels" ? "sum" : "product",
    parameters,
    columns: columns.length === 0 ? undefined : Math.max(...columns),
    covariance: (values, a, b) => kernels.map((kernel, i) => kernel.covariance(own(values, i), a, b)).reduce(join),
    variance: (values, a) => kernels.map((kernel, i) => kernel.variance(own(values, i), a)).reduce(join),
  };
}
