import { asArray, NdArray, unwritten } from "./array.ts";
import { checkDevice, defaultThreads } from "./device.ts";
import { DTypeError, RunError, TraceError } from "./errors.ts";
import type { Graph } from "./ir.ts";
import { type NativeBuffer, type NativeExecutable, native } from "./native.ts";
import { asTensor } from "./ops/creation.ts";
import { encode } from "./passes/encode.ts";
import { epilogue } from "./passes/epilogue.ts";
import { explain } from "./passes/explain.ts";
import { fuse } from "./passes/fuse.ts";
import { type Scheduled, schedule } from "./passes/schedule.ts";
import { simplify } from "./passes/simplify.ts";
import { worthSharing } from "./passes/worth-sharing.ts";
import { sameShape } from "./shape.ts";
import { Tensor, type TensorLike } from "./tensor.ts";
import { isTracing, traceGraph } from "./trace.ts";
import type { Tree } from "./tree.ts";
import * as tree from "./tree.ts";

export interface ProgramOptions {
  readonly device?: string;
  /**
   * CPU threads of one run. Unless given: `defaultThreads()`, or one where the program's instructions are too short to share. Results do not
   * depend on it.
   */
  readonly threads?: number;
  readonly name?: string;
}

export interface RunOptions {
  readonly signal?: AbortSignal;
  /** Called about ten times a second with the finished turns of the outermost loops. */
  readonly onProgress?: (turns: number) => void;
}

/** A traced function that runs on a device. Calling it blocks; `runAsync` leaves the event loop free. */
export interface Program<A extends readonly unknown[], R> {
  (...args: { [K in keyof A]: unknown }): R;
  runAsync(args: { [K in keyof A]: unknown }, options?: RunOptions): Promise<R>;
  /** The program for these arguments after each pass, as text. */
  explain(...args: { [K in keyof A]: unknown }): string;
}

interface Compiled {
  readonly traced: Graph;
  readonly simplified: Graph;
  readonly scheduled: Scheduled;
  readonly executable: NativeExecutable;
  readonly constants: readonly NativeBuffer[];
  readonly worthSharing: boolean;
  /** Of the arguments, and of the results. */
  readonly arguments: tree.Structure;
  readonly structure: tree.Structure;
}

/** Concrete arrays in the places where the traced function returns Tensors. */
type Concrete<R> = [Tree<Tensor>] extends [R] ? Tree<NdArray> : ConcreteMember<R>;
type ConcreteMember<R> = R extends Tensor ? NdArray : R extends object ? { [K in keyof R]: Concrete<R[K]> } : R;

/**
 * Makes `f` a program: traced once for each combination of argument shapes and types, differentiated, fused, planned and run by
 * native code. Arguments and results are trees of arrays; numbers and typed arrays are taken as arrays. Called inside another
 * program with Tensors, it is simply `f`.
 * @throws ShapeError, DTypeError with the operation, the shapes and the caller's line; DeviceError for a device that is not there
 */
export function program<A extends readonly unknown[], R>(f: (...args: A) => R, options: ProgramOptions = {}): Program<A, Concrete<R>> {
  const device = options.device ?? "cpu";
  const compiled = new Map<string, Compiled>();

  let latest: Compiled | undefined;

  const prepare = (args: readonly unknown[]): { plan: Compiled; arrays: readonly NdArray[]; own: readonly NdArray[] } => {
    const again = latest && sameArguments(latest, args, device);
    if (again) return { plan: latest!, arrays: again, own: [] };
    const flat = tree.flatten(args as Tree<unknown>);
    const arrays = flat.leaves.map((leaf) => asArray(leaf, device));
    const key = `${JSON.stringify(flat.structure)}|${arrays.map((a) => `${a.dtype}${a.shape.join("x")}`).join("|")}`;
    let plan = compiled.get(key);
    if (!plan) {
      plan = compile(f, flat.structure, arrays, device, options.name);
      compiled.set(key, plan);
    }
    latest = plan;
    return { plan, arrays, own: arrays.filter((a, i) => a !== flat.leaves[i]) };
  };
  const results = (plan: Compiled): NdArray[] => plan.simplified.outputs.map((v) => unwritten(v.shape, v.dtype, device));
  const threads = (plan: Compiled): number => options.threads ?? (plan.worthSharing ? defaultThreads() : 1);

  const call = (...args: readonly unknown[]): unknown => {
    if (isTracing()) {
      if (tree.flatten(args as Tree<unknown>).leaves.some((leaf) => leaf instanceof Tensor)) return f(...(args as unknown as A));
      throw new TraceError(
        `${options.name ?? "a program"} was called with arrays while another program is traced; pass it Tensors, or call it before`,
      );
    }
    const { plan, arrays, own } = prepare(args);
    const out = results(plan);
    try {
      native().run(
        plan.executable,
        [...arrays.map((a) => a.borrowed), ...plan.constants],
        out.map((a) => a.borrowed),
        threads(plan),
      );
    } catch (error) {
      throw runError(error);
    }
    for (const a of own) a.dispose();
    return tree.unflatten(plan.structure, out);
  };

  const runAsync = async (args: readonly unknown[], { signal, onProgress }: RunOptions = {}): Promise<unknown> => {
    signal?.throwIfAborted();
    const { plan, arrays, own } = prepare(args);
    const out = results(plan);
    const control = native().createControl();
    const cancel = (): void => native().cancel(control);
    signal?.addEventListener("abort", cancel, { once: true });
    const ticker = onProgress && setInterval(() => onProgress(native().progress(control)), 100);
    try {
      await native().runAsync(
        plan.executable,
        [...arrays.map((a) => a.buffer), ...plan.constants],
        out.map((a) => a.buffer),
        threads(plan),
        control,
      );
    } catch (error) {
      if (signal?.aborted) throw signal.reason;
      throw runError(error);
    } finally {
      clearInterval(ticker);
      signal?.removeEventListener("abort", cancel);
      for (const a of own) a.dispose();
    }
    return tree.unflatten(plan.structure, out);
  };

  return Object.assign(call, {
    runAsync,
    explain: (...args: readonly unknown[]): string => {
      const { plan } = prepare(args);
      return explain(plan.traced, plan.simplified, plan.scheduled);
    },
  }) as unknown as Program<A, Concrete<R>>;
}

/** The arrays among `args`, if they are just what `plan` was made for. */
function sameArguments(plan: Compiled, args: readonly unknown[], device: string): NdArray[] | undefined {
  const leaves: unknown[] = [];
  const { inputs } = plan.traced;
  const fits = (leaf: unknown, i: number): leaf is NdArray =>
    leaf instanceof NdArray && leaf.device === device && leaf.dtype === inputs[i]!.dtype && sameShape(leaf.shape, inputs[i]!.shape);
  return tree.collect(plan.arguments, args, leaves) && leaves.every(fits) ? leaves : undefined;
}

function runError(error: unknown): Error {
  const { message, code } = error as Error & { code?: string };
  return code === "ERR_RUN" || code === "ERR_CANCELLED" ? new RunError(message, code) : (error as Error);
}

function compile(
  f: (...args: never[]) => unknown,
  structure: tree.Structure,
  arrays: readonly NdArray[],
  device: string,
  name: string | undefined,
): Compiled {
  checkDevice(device);
  let out: tree.Structure = "leaf";
  const { graph: traced } = traceGraph(arrays, (...tensors) => {
    const result = f(...(tree.unflatten(structure, tensors) as never[]));
    if (result instanceof Promise)
      throw new DTypeError(`${name ?? "program"}: the function returned a promise; a program is traced at once, await before it`);
    const flat = tree.flatten(result as Tree<TensorLike>);
    out = flat.structure;
    return flat.leaves.map((t) => asTensor(t));
  });
  const simplified = epilogue(simplify(traced));
  const scheduled = schedule(fuse(simplified));
  const executable = native().compile(device, encode(scheduled, native().opcodes()));
  return {
    traced,
    simplified,
    scheduled,
    executable,
    constants: scheduled.constants,
    worthSharing: worthSharing(scheduled.instructions),
    arguments: structure,
    structure: out,
  };
}
