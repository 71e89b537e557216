import { type Equation, type Graph, type Variable, variable } from "../ir.ts";
import { control } from "../merge.ts";
import { ruleOf } from "../op.ts";
import { sizeOf } from "../shape.ts";

/** Elementwise ops that cost no more than to load what they would give. */
const cheap: ReadonlySet<string> = new Set(
  "neg abs sign floor ceil round add sub mul square relu max min whenPositive lt le eq ne and or xor not logicalNot where cast iota shiftLeft shiftRight isFinite".split(
    " ",
  ),
);

/** Ops that stop a run when an index is wrong: a loop that may take no turn must not do them before it. */
const mayStop: ReadonlySet<string> = new Set(["gather", "scatterAdd"]);

/** A loop without what every turn would compute alike, and the equations that compute it before. */
export interface Hoisted {
  readonly before: readonly Equation[];
  readonly loop: Equation;
}

interface Loop {
  readonly body: Graph;
  /** Of the body's inputs, those that stay the same; they are the inputs of the equation from `first` on. */
  readonly constants: number;
  readonly first: number;
  with(body: Graph, constants: number): Equation["attributes"];
}

function loopOf({ op, attributes }: Equation): Loop | undefined {
  const body = attributes.body as Graph;
  if (op === "scan")
    return {
      body,
      first: 0,
      constants: attributes.constants as number,
      with: (to, constants) => ({ ...attributes, body: to, constants }),
    };
  if (op !== "while") return undefined;
  const [predicate, own] = attributes.constants as readonly [number, number];
  return {
    body,
    first: predicate,
    constants: own,
    with: (to, constants) => ({ ...attributes, body: to, constants: [predicate, constants] }),
  };
}

/**
 * Moves out of a loop what depends on nothing that changes in it and costs more than to load it: logarithms of data, products of constants. Views, and
 * arithmetic that is as fast as a load, stay where they fuse.
 */
export function hoist(equation: Equation): Hoisted {
  const loop = loopOf(equation);
  if (!loop) return { before: [], loop: equation };
  const { body, constants, first } = loop;
  const fixed = new Map(body.inputs.slice(0, constants).map((v, i) => [v.id, equation.inputs[first + i]!]));
  const producers = new Map<number, Equation>();
  /** Largest result of a dear equation that a value is made of; 0 for none. */
  const dear = new Map<number, number>();
  for (const e of body.equations) {
    const { kind } = ruleOf(e.op);
    const stops = control.has(e.op) || (equation.op === "while" && mayStop.has(e.op));
    if (stops || !e.inputs.every((v) => fixed.has(v.id) || producers.has(v.id))) continue;
    const own = isCarrier(kind) && !cheap.has(e.op) ? Math.max(...e.outputs.map((v) => sizeOf(v.shape))) : 0;
    const most = Math.max(own, ...e.inputs.map((v) => dear.get(v.id) ?? 0));
    for (const v of e.outputs) {
      producers.set(v.id, e);
      dear.set(v.id, most);
    }
  }
  if (![...dear.values()].some((size) => size > 0)) return { before: [], loop: equation };

  const taken = new Set<Equation>();
  const want = (v: Variable): void => {
    const e = producers.get(v.id);
    if (!e || taken.has(e) || !dear.get(v.id)) return;
    if (isCarrier(ruleOf(e.op).kind) && sizeOf(v.shape) <= dear.get(v.id)!) taken.add(e);
    else e.inputs.forEach(want);
  };
  for (const e of body.equations) if (!e.outputs.some((v) => producers.has(v.id))) e.inputs.forEach(want);
  body.outputs.forEach(want);

  const before: Equation[] = [];
  const outer = new Map(fixed);
  const place = (e: Equation): void => {
    if (outer.has(e.outputs[0]!.id)) return;
    for (const v of e.inputs) if (!outer.has(v.id)) place(producers.get(v.id)!);
    const outputs = e.outputs.map((v) => variable(v.shape, v.dtype));
    before.push({ ...e, inputs: e.inputs.map((v) => outer.get(v.id)!), outputs });
    e.outputs.forEach((v, i) => void outer.set(v.id, outputs[i]!));
  };
  taken.forEach(place);
  const results = [...taken].flatMap((e) => e.outputs);
  const inserted = <T>(list: readonly T[], at: number, more: readonly T[]): T[] => [...list.slice(0, at), ...more, ...list.slice(at)];
  return {
    before,
    loop: {
      ...equation,
      inputs: inserted(
        equation.inputs,
        first + constants,
        results.map((v) => outer.get(v.id)!),
      ),
      attributes: loop.with(
        { ...body, inputs: inserted(body.inputs, constants, results), equations: body.equations.filter((e) => !taken.has(e)) },
        constants + results.length,
      ),
    },
  };
}

const isCarrier = (kind: string): boolean => kind !== "view" && kind !== "fill" && kind !== "constant";
