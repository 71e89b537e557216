import { isFloat } from "./dtype.ts";
import { ShapeError, TraceError } from "./errors.ts";
import { type Merged, mergeEqual } from "./merge.ts";
import { ruleOf } from "./op.ts";
import { asTensor, onesLike } from "./ops/creation.ts";
import { add } from "./ops/elementwise.ts";
import { orZeros } from "./ops/shape.ts";
import { sameShape, showShape } from "./shape.ts";
import { Tensor, type TensorLike } from "./tensor.ts";
import { currentTrace, emitOne, type Trace } from "./trace.ts";
import type { Tree } from "./tree.ts";
import * as tree from "./tree.ts";

/**
 * Derivatives are taken while tracing: the function is recorded, then its equations are walked once more (forwards for
 * tangents, backwards for cotangents) and the rules of the op table record the derivative as further equations. Since these
 * are equations like any other, derivatives nest to any order and in any mix.
 */
interface Recorded {
  readonly trace: Trace;
  readonly inputs: readonly Tensor[];
  readonly equations: readonly Merged[];
  readonly outputs: Tensor[];
  readonly outStructure: tree.Structure;
}

/** Runs `f` on fresh names for `leaves` and notes which equations it recorded. */
function record(f: (...args: never[]) => unknown, args: readonly Tensor[], rebuild: (leaves: readonly Tensor[]) => unknown[]): Recorded {
  const trace = currentTrace("derivative");
  const inputs = args.map((t) => emitOne("alias", [t]));
  const from = trace.equations.length;
  const { leaves, structure } = tree.flatten(f(...(rebuild(inputs) as never[])) as Tree<TensorLike>);
  const outputs = leaves.map((t) => trace.adopt(asTensor(t)));
  const { merged, name } = mergeEqual(trace.equations.slice(from));
  return { trace, inputs, equations: merged, outputs: outputs.map((t) => new Tensor(trace, name(t.variable))), outStructure: structure };
}

/** Which equations lie on a path of floats from the inputs. */
function reach({ inputs, equations }: Recorded): Set<number> {
  const reached = new Set(inputs.filter((t) => isFloat(t.dtype)).map((t) => t.variable.id));
  for (const { equation, inputs: ins } of equations) {
    const { op, outputs } = equation;
    if (ruleOf(op).flat) continue;
    if (ins.some((v) => reached.has(v.id))) for (const v of outputs) if (isFloat(v.dtype)) reached.add(v.id);
  }
  return reached;
}

function missing(op: string, order: string): never {
  throw new TraceError(`${op} has no ${order} derivative: ${ruleOf(op).doc}`);
}

/** Tangents of the outputs. */
function pushForward(recorded: Recorded, seeds: readonly (Tensor | undefined)[]): (Tensor | undefined)[] {
  const { trace, inputs, equations, outputs } = recorded;
  const tangents = new Map<number, Tensor>();
  inputs.forEach((t, i) => seeds[i] && isFloat(t.dtype) && tangents.set(t.variable.id, seeds[i]!));
  for (const { equation, inputs: ins } of equations) {
    const { op, attributes, outputs: outs } = equation;
    const rule = ruleOf(op);
    if (rule.flat || !ins.some((v) => tangents.has(v.id))) continue;
    if (!rule.forward) missing(op, "forward");
    const result = rule.forward({
      inputs: ins.map((v) => new Tensor(trace, v)),
      outputs: outs.map((v) => new Tensor(trace, v)),
      attributes,
      tangents: ins.map((v) => tangents.get(v.id)),
    });
    outs.forEach((v, i) => result[i] && isFloat(v.dtype) && tangents.set(v.id, result[i]!));
  }
  return outputs.map((t) => tangents.get(t.variable.id));
}

/** Cotangents of the inputs. */
function pullBack(recorded: Recorded, seeds: readonly (Tensor | undefined)[]): (Tensor | undefined)[] {
  const { trace, inputs, equations, outputs } = recorded;
  const active = reach(recorded);
  const cotangents = new Map<number, Tensor>();
  const accumulate = (id: number, ct: Tensor): void => {
    const sofar = cotangents.get(id);
    cotangents.set(id, sofar ? add(sofar, ct) : ct);
  };
  outputs.forEach((t, i) => seeds[i] && active.has(t.variable.id) && accumulate(t.variable.id, seeds[i]!));
  for (let e = equations.length - 1; e >= 0; e--) {
    const { equation, inputs: ins } = equations[e]!;
    if (!equation.outputs.some((v) => cotangents.has(v.id)) || !ins.some((v) => active.has(v.id))) continue;
    const rule = ruleOf(equation.op);
    if (rule.flat) continue;
    if (rule.prepareReverse) rule.prepareReverse(equation, trace);
    if (!rule.reverse) missing(equation.op, "reverse");
    const result = rule.reverse({
      inputs: ins.map((v) => new Tensor(trace, v)),
      outputs: equation.outputs.map((v) => new Tensor(trace, v)),
      attributes: equation.attributes,
      cotangents: equation.outputs.map((v) => cotangents.get(v.id)),
      wanted: ins.map((v) => active.has(v.id)),
    });
    ins.forEach((v, i) => result[i] && active.has(v.id) && accumulate(v.id, result[i]!));
  }
  return inputs.map((t) => cotangents.get(t.variable.id));
}

/** Arguments of a function as a flat list of tensors, and how to put one argument's leaves back. */
function arrange(args: readonly Tree<TensorLike>[]): {
  leaves: Tensor[];
  counts: number[];
  rebuild: (leaves: readonly Tensor[]) => Tree<Tensor>[];
} {
  const flat = args.map((a) => tree.flatten(a));
  const counts = flat.map((f) => f.leaves.length);
  return {
    leaves: flat.flatMap((f) => f.leaves.map((leaf) => asTensor(leaf))),
    counts,
    rebuild: (leaves) => {
      let at = 0;
      return flat.map((f, i) => tree.unflatten(f.structure, leaves.slice(at, (at += counts[i]!))) as Tree<Tensor>);
    },
  };
}

/**
 * Forward derivative: the value of `f` at `primals` and its change along `tangents` (same trees as the primals).
 * @returns `[f(primals), tangent]`, both with the tree of the result
 */
export function jvp<R extends Tree<TensorLike>>(
  f: (...args: never[]) => R,
  primals: readonly Tree<TensorLike>[],
  tangents: readonly Tree<TensorLike>[],
): [R, R] {
  const args = arrange(primals);
  const seeds = arrange(tangents);
  if (args.leaves.length !== seeds.leaves.length)
    throw new ShapeError(`jvp: ${args.leaves.length} primals and ${seeds.leaves.length} tangents; give one tangent for each`);
  args.leaves.forEach((t, i) => {
    if (!sameShape(t.shape, seeds.leaves[i]!.shape))
      throw new ShapeError(`jvp: primal ${i} is ${showShape(t.shape)}, its tangent ${showShape(seeds.leaves[i]!.shape)}`);
  });
  const recorded = record(f, args.leaves, args.rebuild);
  const out = pushForward(recorded, seeds.leaves);
  const change = recorded.outputs.map((y, i) => orZeros(out[i], y));
  return [tree.unflatten(recorded.outStructure, recorded.outputs) as R, tree.unflatten(recorded.outStructure, change) as R];
}

/**
 * Reverse derivative: the value of `f` and a function from cotangents of the result (its tree) to cotangents of the arguments
 * (one tree for each).
 */
export function vjp<R extends Tree<TensorLike>>(
  f: (...args: never[]) => R,
  ...primals: Tree<TensorLike>[]
): [R, (cotangent: Tree<TensorLike>) => Tree<Tensor>[]] {
  const args = arrange(primals);
  const recorded = record(f, args.leaves, args.rebuild);
  return [
    tree.unflatten(recorded.outStructure, recorded.outputs) as R,
    (cotangent) => {
      const seeds = tree.flatten(cotangent).leaves.map((t, i) => asTensor(t, recorded.outputs[i]!.dtype));
      if (seeds.length !== recorded.outputs.length)
        throw new ShapeError(`vjp: ${seeds.length} cotangents for ${recorded.outputs.length} results`);
      const out = pullBack(recorded, seeds);
      return args.rebuild(args.leaves.map((t, i) => orZeros(out[i], t)));
    },
  ];
}

type GradOptions<N extends number> = { argnum?: N; hasAux?: boolean };
type Loose<A extends readonly unknown[]> = { [K in keyof A]: unknown };

/**
 * The function that gives `f`'s value and its gradient to argument `argnum` (a tree of its shape).
 * `f` returns a scalar, or with `hasAux` a scalar and anything else: the value is then that pair.
 */
export function valueAndGrad<A extends readonly unknown[], R, N extends number = 0>(
  f: (...args: A) => R,
  options: GradOptions<N> = {},
): (...args: Loose<A>) => [R, A[N]] {
  const { argnum = 0, hasAux = false } = options;
  return (...args) => {
    const { leaves, rebuild } = arrange([args[argnum] as Tree<TensorLike>]);
    const recorded = record((x: never) => f(...(args.with(argnum, x) as unknown as A)) as never, leaves, rebuild);
    const value = recorded.outputs[0];
    if (value?.rank !== 0 || !isFloat(value.dtype) || (!hasAux && recorded.outputs.length !== 1))
      throw new ShapeError(
        `grad: the function must return one f32 or f64 scalar${hasAux ? " first" : ""}, got ${recorded.outputs.map((t) => t.dtype + showShape(t.shape)).join(", ")}; sum() or mean() the result`,
      );
    const gradient = pullBack(recorded, [onesLike(value)]);
    const back = rebuild(leaves.map((t, i) => orZeros(gradient[i], t)))[0];
    return [tree.unflatten(recorded.outStructure, recorded.outputs) as R, back as A[N]];
  };
}

/** The function that gives the gradient of the scalar function `f` to argument `argnum`. */
export function grad<A extends readonly unknown[], N extends number = 0>(
  f: (...args: A) => Tensor,
  argnum?: N,
): (...args: Loose<A>) => A[N] {
  const both = valueAndGrad(f, argnum === undefined ? {} : { argnum });
  return (...args) => both(...args)[1] as A[N];
}
