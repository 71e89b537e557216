import { TraceError } from "./errors.ts";
import { type Abstract, type Attributes, type Equation, type Graph, type Variable, variable } from "./ir.ts";
import { ruleOf } from "./op.ts";
import { Tensor } from "./tensor.ts";

/** A function being recorded. Values of an enclosing trace become further inputs, in the order of first use. */
export class Trace {
  readonly parent: Trace | undefined;
  readonly equations: Equation[] = [];
  readonly captures = new Map<Variable, { outer: Tensor; inner: Tensor }>();
  constructor(parent: Trace | undefined) {
    this.parent = parent;
  }

  /** `tensor` as a value of this trace. */
  adopt(tensor: Tensor): Tensor {
    if (tensor.trace === this) return tensor;
    const known = this.captures.get(tensor.variable);
    if (known) return known.inner;
    if (!this.parent)
      throw new TraceError(
        "a value of a finished or unrelated program was used: a Tensor lives only while its program is traced; return it as a result, or pass an NdArray",
      );
    const outer = this.parent.adopt(tensor);
    const inner = new Tensor(this, variable(tensor.shape, tensor.dtype));
    this.captures.set(tensor.variable, { outer, inner });
    return inner;
  }
}

let current: Trace | undefined;

export function currentTrace(op: string): Trace {
  if (!current) throw new TraceError(`${op} was called outside a program; wrap the computation: program((x) => ...)`);
  return current;
}

export const isTracing = (): boolean => current !== undefined;

/** Records one equation in the current trace. */
export function emit(op: string, inputs: readonly Tensor[], attributes: Attributes = {}): Tensor[] {
  const trace = currentTrace(op);
  const adopted = inputs.map((t) => trace.adopt(t));
  const outputs = ruleOf(op)
    .shape(adopted, attributes)
    .map(({ shape, dtype }) => variable(shape, dtype));
  trace.equations.push({ op, inputs: adopted.map((t) => t.variable), attributes, outputs });
  return outputs.map((v) => new Tensor(trace, v));
}

/** As `emit`, for ops with one output. */
export const emitOne = (op: string, inputs: readonly Tensor[], attributes: Attributes = {}): Tensor => emit(op, inputs, attributes)[0]!;

/** Records `f` as a graph of its own. `captured` are the values of the enclosing trace that it uses: inputs after `inputs`. */
export function traceGraph(inputs: readonly Abstract[], f: (...args: Tensor[]) => readonly Tensor[]): { graph: Graph; captured: Tensor[] } {
  const trace = new Trace(current);
  const outer = current;
  current = trace;
  try {
    const args = inputs.map(({ shape, dtype }) => new Tensor(trace, variable(shape, dtype)));
    const outputs = f(...args).map((t) => trace.adopt(t).variable);
    const captures = [...trace.captures.values()];
    return {
      graph: { inputs: [...args.map((t) => t.variable), ...captures.map((c) => c.inner.variable)], equations: trace.equations, outputs },
      captured: captures.map((c) => c.outer),
    };
  } finally {
    current = outer;
  }
}

/**
 * What `f` returns for values of these shapes and types. Nothing is computed: the Tensors in it tell their shape and type, and what does not
 * fit is refused as in a program.
 */
export function abstractly<R>(inputs: readonly Abstract[], f: (...args: Tensor[]) => R): R {
  let result: R | undefined;
  traceGraph(inputs, (...args) => {
    result = f(...args);
    return [];
  });
  return result as R;
}

/** Records the equations of `graph` in the current trace, with `inputs` for its inputs. */
export function replay(graph: Graph, inputs: readonly Tensor[]): Tensor[] {
  const trace = currentTrace("replay");
  const values = new Map<number, Tensor>();
  graph.inputs.forEach((v, i) => values.set(v.id, trace.adopt(inputs[i]!)));
  for (const { op, inputs: ins, attributes, outputs } of graph.equations)
    emit(
      op,
      ins.map((v) => values.get(v.id)!),
      attributes,
    ).forEach((t, i) => {
      const out = outputs[i];
      if (out) values.set(out.id, t);
    });
  return graph.outputs.map((v) => values.get(v.id)!);
}
