import { array, type NdArray, program, type Tensor } from "@credence/tensor";

export interface RunOptions {
  readonly device?: string;
  readonly signal?: AbortSignal;
}

/** Numbers of a result that one run may hold. */
const blockSize = 2 ** 22;

/**
 * `f` of rows u [R, D], in runs of so many rows that a result with `width` numbers a row stays small. `f` also gets the number of each row, i32 [n], and
 * must give the same for a row whatever stands beside it.
 * @returns arrays [R, ...] by name
 */
export async function byRows(
  f: (u: Tensor, row: Tensor) => Readonly<Record<string, Tensor>>,
  u: Float64Array,
  dimension: number,
  width: number,
  { device, signal }: RunOptions,
): Promise<Record<string, NdArray>> {
  const place = device === undefined ? {} : { device };
  const rows = u.length / dimension;
  const size = Math.min(rows, Math.max(1, Math.floor(blockSize / Math.max(width, dimension))));
  const run = program(f, place);
  const whole: Record<string, { values: Float64Array; shape: readonly number[] }> = {};
  for (let from = 0; from < rows; from += size) {
    // The last block overlaps the one before, so that all have one shape.
    const start = Math.min(from, rows - size);
    using block = array(u.subarray(start * dimension, (start + size) * dimension), { shape: [size, dimension], ...place });
    using numbers = array(
      Int32Array.from({ length: size }, (_, i) => start + i),
      place,
    );
    const results = (await run.runAsync([block, numbers], signal ? { signal } : {})) as Record<string, NdArray>;
    for (const [name, result] of Object.entries(results)) {
      const stride = result.size / size;
      whole[name] ??= { values: new Float64Array(rows * stride), shape: result.shape.slice(1) };
      whole[name].values.set(result.data(), start * stride);
      result.dispose();
    }
  }
  return Object.fromEntries(Object.entries(whole).map(([name, { values, shape }]) => [name, array(values, { shape: [rows, ...shape] })]));
}
