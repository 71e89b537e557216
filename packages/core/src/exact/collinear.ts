import { eigenSymmetric, matmul, matrixTranspose, type NdArray, program, type Tensor, where } from "@credence/tensor";

/** Share of the length of a combination of columns, squared, below which it counts as nothing: rounding leaves 1e-15 of it. */
const shareMin = 1e-12;

const spectrum = program(
  (x: Tensor) => {
    const length = x.square().sum(0).sqrt();
    const unit = x.div(where(length.greater(0), length, 1));
    const [values, vectors] = eigenSymmetric(matmul(matrixTranspose(unit), unit));
    return { length, values, vectors };
  },
  { name: "collinear columns" },
);

/**
 * Sentences about columns of `x` [rows, columns] that say nothing by themselves: a column of zeros, and columns of which one is a combination of the
 * others, by the null space of the Gram matrix of columns scaled to length 1. Empty where there are none.
 */
export const collinearWarnings = async (x: NdArray, names: readonly string[]): Promise<string[]> =>
  said(await spectrum.runAsync([x]), names);

/** The same at once, on this thread. */
export const collinearWarningsNow = (x: NdArray, names: readonly string[]): string[] => said(spectrum(x), names);

function said({ length, values, vectors }: Readonly<Record<"length" | "values" | "vectors", NdArray>>, names: readonly string[]): string[] {
  const [lengths, shares, v] = [length.data(), values.data(), vectors.data()];
  const n = names.length;
  const empty = names.filter((_, i) => lengths[i] === 0);
  const warnings = empty.map((name) => `column ${name} is zero in every row: its coefficient is what the prior says; leave it out`);
  const hidden = [...shares.keys()].filter((k) => shares[k]! < shareMin);
  // The null space as a whole: a basis of it mixes independent sets of columns.
  const share = (i: number) => hidden.reduce((sum, k) => sum + v[i * n + k]! ** 2, 0);
  const involved = names.filter((_, i) => lengths[i]! > 0 && share(i) > 1e-6);
  const dimensions = hidden.length - empty.length;
  if (dimensions > 0 && involved.length > 0)
    warnings.push(
      `columns ${involved.join(", ")} are collinear (${n - hidden.length} of ${n} directions are seen by the data): ` +
        `only the prior tells their coefficients apart; leave out ${dimensions === 1 ? "one" : dimensions} of them`,
    );
  return warnings;
}
