import { concat, index, random, reshape, split, type Tensor } from "@credence/tensor";
import { asFloat, type FloatType } from "./argument.ts";
import type { Distribution, WithMoments } from "./distribution.ts";
import { moment } from "./moment.ts";

/**
 * Independent parts side by side in one vector [D], in the order they are named; the event of a part is flattened.
 * @throws RangeError for no parts, or a part with batch axes (make them part of its event with `independent`)
 */
export function joint(parts: Readonly<Record<string, Distribution>>): WithMoments {
  const entries = Object.entries(parts);
  if (entries.length === 0) throw new RangeError("joint: expected at least one part, got none");
  for (const [name, { batchShape }] of entries)
    if (batchShape.length > 0)
      throw new RangeError(
        `joint: ${name} has batch shape [${batchShape.join(", ")}]; make it one event with independent(..., ${batchShape.length})`,
      );
  const sizes = entries.map(([, { eventShape }]) => eventShape.reduce((n, extent) => n * extent, 1));
  const dimension = sizes.reduce((total, size) => total + size, 0);
  const dtype = commonOf(entries);
  const gather = (which: "mean" | "variance") => concat(entries.map(([, part], i) => reshape(moment(part, which), [sizes[i]!])));
  return {
    name: "joint",
    batchShape: [],
    eventShape: [dimension],
    dtype,
    support: { kind: "joint", parts: entries.map(([name, { support }], i) => ({ name, size: sizes[i]!, support })) },
    sample(key, sampleShape = [], type = dtype) {
      const keys = random.split(key, entries.length);
      return concat(
        entries.map(([, part], i) => reshape(part.sample(index(keys, i), sampleShape, type), [...sampleShape, sizes[i]!])),
        -1,
      );
    },
    logProb(value) {
      const x = asFloat("joint", value, dtype);
      if (x.shape.at(-1) !== dimension)
        throw new RangeError(`joint: the last axis must hold ${dimension} numbers, got shape [${x.shape.join(", ")}]`);
      const lead = x.shape.slice(0, -1);
      return split(x, sizes, -1)
        .map((column, i): Tensor => {
          const part = entries[i]![1];
          return part.logProb(reshape(column, [...lead, ...part.eventShape]));
        })
        .reduce((total, term) => total.add(term));
    },
    mean: () => gather("mean"),
    variance: () => gather("variance"),
  };
}

function commonOf(entries: readonly (readonly [string, Distribution])[]): FloatType {
  const types = new Set(entries.map(([, { dtype }]) => dtype));
  if (types.size > 1)
    throw new TypeError(`joint: parts are of types ${entries.map(([name, { dtype }]) => `${name} ${dtype}`).join(", ")}; give them one`);
  return entries[0]![1].dtype;
}
