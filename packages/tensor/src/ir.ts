import type { DType } from "./dtype.ts";
import { type Shape, showShape } from "./shape.ts";

/** What is known of an array before it is computed. */
export interface Abstract {
  readonly shape: Shape;
  readonly dtype: DType;
}

/** A value of a graph, assigned once. */
export interface Variable extends Abstract {
  readonly id: number;
}

export type Attributes = Readonly<Record<string, unknown>>;

/** `outputs = op(inputs)`. A rule of the op table says what it means. */
export interface Equation {
  op: string;
  inputs: Variable[];
  attributes: Attributes;
  outputs: Variable[];
}

/** A traced function: a list of equations in the order in which they may be computed. */
export interface Graph {
  readonly inputs: readonly Variable[];
  readonly equations: readonly Equation[];
  readonly outputs: readonly Variable[];
}

let variables = 0;
export const variable = (shape: Shape, dtype: DType): Variable => ({ id: variables++, shape, dtype });

const showVariable = (v: Variable): string => `%${v.id}:${v.dtype}${showShape(v.shape)}`;

function showAttribute(value: unknown, indent: string): string {
  if (isGraph(value)) return `{\n${showGraph(value, `${indent}    `)}\n${indent}  }`;
  if (Array.isArray(value)) return `[${value.map((v) => showAttribute(v, indent)).join(", ")}]`;
  if (value !== null && typeof value === "object") return value.constructor.name;
  return String(value);
}

const isGraph = (value: unknown): value is Graph => value !== null && typeof value === "object" && "equations" in value;

/** The graph as text, an equation a line; bodies of loops and branches are indented. */
export function showGraph(graph: Graph, indent = ""): string {
  const lines = [`${indent}inputs ${graph.inputs.map(showVariable).join(", ")}`];
  for (const { op, inputs, attributes, outputs } of graph.equations) {
    const attrs = Object.entries(attributes).map(([k, v]) => `${k}=${showAttribute(v, indent)}`);
    lines.push(`${indent}${outputs.map(showVariable).join(", ")} = ${op}(${[...inputs.map((v) => `%${v.id}`), ...attrs].join(", ")})`);
  }
  lines.push(`${indent}outputs ${graph.outputs.map((v) => `%${v.id}`).join(", ")}`);
  return lines.join("\n");
}
