import { array, type NdArray } from "@credence/tensor";
import { FileFormatError } from "./errors.ts";
import type { StoredArray } from "./safetensors.ts";

/** A tree of arrays as it is stored: every leaf under its path, `flow.0.blocks.1.first.weight`. */
export function toNamed(arrays: unknown, prefix: string): Record<string, StoredArray> {
  const named: Record<string, StoredArray> = {};
  visit(arrays, prefix, (leaf, path) => {
    named[path] = { dtype: leaf.dtype, shape: leaf.shape, data: leaf.data() };
    return leaf;
  });
  return named;
}

/** The stored arrays in the tree of `template`, whose paths and shapes they must have. */
export function fromNamed<T>(template: T, named: Readonly<Record<string, StoredArray>>, prefix: string, file: string, device?: string): T {
  return visit(template, prefix, (leaf, path) => {
    const stored = named[path];
    if (!stored) throw new FileFormatError(file, `it lacks the array ${path}; the file is of another model`);
    if (stored.dtype !== leaf.dtype || stored.shape.join() !== leaf.shape.join()) {
      throw new FileFormatError(
        file,
        `${path} is ${stored.dtype} [${stored.shape.join(", ")}], expected ${leaf.dtype} [${leaf.shape.join(", ")}]; the file is of another model`,
      );
    }
    return array(stored.data, { dtype: stored.dtype, shape: stored.shape, ...(device !== undefined && { device }) });
  }) as T;
}

function visit(node: unknown, path: string, leaf: (array: NdArray, path: string) => NdArray): unknown {
  if (Array.isArray(node)) return node.map((child, i) => visit(child, `${path}.${i}`, leaf));
  const prototype: unknown = Object.getPrototypeOf(node);
  if (prototype !== Object.prototype) return leaf(node as NdArray, path);
  return Object.fromEntries(Object.entries(node as object).map(([name, child]) => [name, visit(child, `${path}.${name}`, leaf)]));
}
