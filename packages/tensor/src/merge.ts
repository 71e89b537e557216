import type { Attributes, Equation, Variable } from "./ir.ts";

const objects = new WeakMap<object, number>();
let objectCount = 0;

/** Arrays and graphs, by which object they are; plain values as they are. */
function identity(value: unknown): unknown {
  if (value === null || typeof value !== "object" || Array.isArray(value) || Object.getPrototypeOf(value) === Object.prototype)
    return value;
  if (!objects.has(value)) objects.set(value, objectCount++);
  return `#${objects.get(value)}`;
}

const attribute = (_: string, v: unknown): unknown => (typeof v === "number" && !Number.isFinite(v) ? String(v) : identity(v));

/** Equal for equations that compute the same. */
export const keyOf = (op: string, inputs: readonly Variable[], attributes: Attributes, outputs: readonly Variable[]): string =>
  `${op}(${inputs.map((v) => v.id).join(",")})${outputs.map((v) => v.dtype).join(",")}${JSON.stringify(attributes, attribute)}`;

/** Equations with graphs among their attributes. */
export const control: ReadonlySet<string> = new Set(["scan", "while", "cond"]);

/** An equation and what it reads, under the names that were kept. */
export interface Merged {
  readonly equation: Equation;
  readonly inputs: readonly Variable[];
}

/**
 * The equations without those that repeat an earlier one, or only rename; `name` gives the variable that stands for another. Derivatives of
 * derivatives record a function once for each level, and a cotangent for each copy would cost as much again.
 */
export function mergeEqual(equations: readonly Equation[]): { readonly merged: Merged[]; readonly name: (v: Variable) => Variable } {
  const names = new Map<number, Variable>();
  const name = (v: Variable): Variable => names.get(v.id) ?? v;
  const seen = new Map<string, readonly Variable[]>();
  const merged: Merged[] = [];
  for (const equation of equations) {
    const { op, attributes, outputs } = equation;
    const inputs = equation.inputs.map(name);
    const key = control.has(op) ? undefined : keyOf(op, inputs, attributes, outputs);
    const known = op === "alias" ? inputs : key && seen.get(key);
    if (known) {
      outputs.forEach((v, i) => void names.set(v.id, known[i]!));
      continue;
    }
    if (key) seen.set(key, outputs);
    merged.push({ equation, inputs });
  }
  return { merged, name };
}
