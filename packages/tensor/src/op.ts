import type { Abstract, Attributes, Equation } from "./ir.ts";
import type { Tensor } from "./tensor.ts";
import type { Trace } from "./trace.ts";

/** How the passes treat an op: which instruction of a plan it becomes. */
export type Kind =
  | "elementwise"
  | "view"
  | "fill"
  | "constant"
  | "reduce"
  | "matmul"
  | "rows"
  | "concat"
  | "pad"
  | "scan"
  | "while"
  | "cond";

export interface RuleContext {
  readonly inputs: readonly Tensor[];
  readonly outputs: readonly Tensor[];
  readonly attributes: Attributes;
}

/** One line of the op table: everything that is known of an operation. */
export interface Rule {
  readonly name: string;
  readonly kind: Kind;
  /** The formula, with its domain. */
  readonly doc: string;
  /** Shapes and types of the outputs; refuses inputs that do not fit. */
  shape(inputs: readonly Abstract[], attributes: Attributes): Abstract[];
  /** Tangents of the outputs from tangents of the inputs (undefined = zero). Absent where no derivative exists. */
  forward?(context: RuleContext & { readonly tangents: readonly (Tensor | undefined)[] }): (Tensor | undefined)[];
  /** Lets the equation keep what its reverse rule needs (a loop its states), before `reverse` is asked. */
  prepareReverse?(equation: Equation, trace: Trace): void;
  /** Cotangents of the inputs from cotangents of the outputs (undefined = zero). `wanted` says which inputs' are asked for; others may be left out. */
  reverse?(
    context: RuleContext & { readonly cotangents: readonly (Tensor | undefined)[]; readonly wanted: readonly boolean[] },
  ): (Tensor | undefined)[];
  /** Outputs with a new leading axis of extent `size`, when the inputs marked `mapped` have one and the others do not. */
  batch(context: {
    readonly inputs: readonly Tensor[];
    readonly mapped: readonly boolean[];
    readonly size: number;
    readonly attributes: Attributes;
  }): Tensor[];
  /** The first output may be written where the first input lies: a row is read before it is written. */
  readonly inPlace?: boolean;
  /** Derivatives are zero everywhere they exist (floor, comparisons): no cotangent flows, and that is no error. */
  readonly flat?: boolean;
}

const table = new Map<string, Rule>();

/** Adds a rule to the op table. */
export function defineOp(rule: Rule): Rule {
  if (table.has(rule.name)) throw new Error(`op ${rule.name} is defined twice`);
  table.set(rule.name, rule);
  return rule;
}

export function ruleOf(name: string): Rule {
  const rule = table.get(name);
  if (!rule) throw new Error(`no op named ${name}`);
  return rule;
}

/** Every rule, in the order of definition: the op reference and the tests walk it. */
export const allRules = (): readonly Rule[] => [...table.values()];
