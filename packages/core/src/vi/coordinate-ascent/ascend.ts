import {
  type DType,
  full,
  iota,
  isFinite,
  logicalAnd,
  type NdArray,
  program,
  type Tensor,
  type Tree,
  where,
  whileLoop,
  zeros,
} from "@credence/tensor";

/** Whether a term of the ELBO says how well the data are explained, or what the approximation pays for it. */
export type ElboPart = "reconstruction" | "regularisation";

/** A factorised approximation q and its updates: all traced, in f64. */
export interface CoordinateAscentMethod<D extends Tree<Tensor>, Q extends Tree<Tensor>> {
  readonly name: string;
  /** The terms of the ELBO by name, which is their sum. */
  readonly terms: Readonly<Record<string, ElboPart>>;
  init(data: D): Q;
  /** Each factor in turn to its optimum, the others held. */
  sweep(data: D, q: Q): Q;
  /** Every term, a scalar in nats. */
  elbo(data: D, q: Q): Readonly<Record<string, Tensor>>;
}

export interface AscentOptions {
  /** Sweeps at most; 1000 if absent. */
  readonly sweepsMax?: number;
  /** Ends when the ELBO grows by less than this share of the sum of its terms' magnitudes; 1e-12 if absent. */
  readonly tolerance?: number;
  readonly signal?: AbortSignal;
}

/** How the ELBO rose. ELBO = reconstruction - regularisation. */
export interface Ascent {
  /** At the end, nats. */
  readonly elbo: number;
  /** E log p(data | unknowns). */
  readonly reconstruction: number;
  /** KL(q || prior). */
  readonly regularisation: number;
  /** Each term at the end. */
  readonly terms: Readonly<Record<string, number>>;
  /** The ELBO after every sweep, never falling. */
  readonly history: Float64Array;
  /** Each term after every sweep. */
  readonly termHistory: Readonly<Record<string, Float64Array>>;
  readonly sweeps: number;
  readonly converged: boolean;
  /** What should not be trusted; empty if nothing was found. */
  readonly warnings: readonly string[];
}

/** The ELBO fell or was not a number. Coordinate ascent cannot do that, so data are out of the range of double precision or an update is wrong. */
export class AscentError extends Error {
  override readonly name = "AscentError";
  readonly code = "ERR_ASCENT";
}

/** Share of the terms' magnitudes that rounding may take off the ELBO: sums of many terms and factors of matrices with condition numbers up to 1e5. */
const roundingShare = 1e-10;

/**
 * Coordinate ascent on the ELBO (Bishop 2006, section 10.1; Blei, Kucukelbir and McAuliffe 2017): sweeps until it no longer grows, all in one native run.
 * @throws AscentError where the ELBO falls by more than rounding, or is not finite, with the sweep and the term that did it
 */
export async function coordinateAscent<D extends Tree<Tensor>, Q extends Tree<Tensor>>(
  method: CoordinateAscentMethod<D, Q>,
  data: Tree<NdArray>,
  options: AscentOptions = {},
): Promise<{ readonly q: Tree<NdArray>; readonly ascent: Ascent }> {
  const { sweepsMax = 1000, tolerance = 1e-12, signal } = options;
  if (!(Number.isInteger(sweepsMax) && sweepsMax >= 2))
    throw new RangeError(`${method.name}: sweepsMax must be an integer >= 2, got ${sweepsMax}`);
  if (!(tolerance >= 0 && tolerance < 1)) throw new RangeError(`${method.name}: tolerance must be in [0, 1), got ${tolerance}`);
  const names = Object.keys(method.terms);
  type State = {
    readonly q: Q;
    readonly sweeps: Tensor;
    readonly gain: Tensor;
    readonly scale: Tensor;
    readonly elbo: Tensor;
    readonly history: Tensor;
  };
  const run = program(
    (given: D) => {
      const step = (s: State): State => {
        const q = method.sweep(given, s.q);
        const terms = method.elbo(given, q);
        const values = names.map((name) => terms[name]!);
        const total = (list: readonly Tensor[]) => list.reduce((a, b) => a.add(b));
        const elbo = total(values);
        const here = iota([sweepsMax, 1], 0).equal(s.sweeps);
        const row = values.reduce(
          (out, value, i) => where(iota([1, names.length], 1).equal(i), value, out),
          zeros([1, names.length], "f64"),
        );
        return {
          q,
          sweeps: s.sweeps.add(1),
          gain: elbo.sub(s.elbo),
          scale: total(values.map((v) => v.abs())),
          elbo,
          history: where(here.broadcastTo(s.history.shape), row.broadcastTo(s.history.shape), s.history),
        };
      };
      const number = (value: number, dtype: DType = "f64") => full([], value, dtype);
      const start: State = {
        q: method.init(given),
        sweeps: number(0, "i32"),
        gain: number(Infinity),
        scale: number(1),
        elbo: number(-Infinity),
        history: zeros([sweepsMax, names.length], "f64"),
      };
      const going = ({ sweeps, gain, scale, elbo }: State): Tensor =>
        logicalAnd(
          sweeps.less(sweepsMax),
          sweeps
            .equal(0)
            .cast("f64")
            .add(logicalAnd(isFinite(elbo), gain.greater(scale.mul(tolerance))).cast("f64"))
            .greater(0),
        );
      return whileLoop(going, step, start, { maxIterations: sweepsMax });
    },
    { name: method.name },
  );
  const end = (await run.runAsync([data], { ...(signal && { signal }) })) as unknown as { readonly q: Tree<NdArray> } & Record<
    "sweeps" | "gain" | "scale" | "elbo" | "history",
    NdArray
  >;
  return { q: end.q, ascent: report(method.name, method.terms, end, tolerance) };
}

function report(
  owner: string,
  parts: Readonly<Record<string, ElboPart>>,
  end: Record<"sweeps" | "gain" | "scale" | "elbo" | "history", NdArray>,
  tolerance: number,
): Ascent {
  const names = Object.keys(parts);
  const sweeps = end.sweeps.item();
  const [rows, gain] = [end.history.data(), end.gain.item()];
  const termHistory = Object.fromEntries(
    names.map((name, i) => [name, Float64Array.from({ length: sweeps }, (_, s) => rows[s * names.length + i]!)]),
  );
  const history = Float64Array.from({ length: sweeps }, (_, s) => names.reduce((sum, name) => sum + termHistory[name]![s]!, 0));
  const change = (name: string) => termHistory[name]![sweeps - 1]! - (termHistory[name]![sweeps - 2] ?? 0);
  if (!Number.isFinite(end.elbo.item())) {
    const lost = names.find((name) => !Number.isFinite(termHistory[name]![sweeps - 1]!));
    throw new AscentError(
      `${owner}: the term ${lost} of the ELBO is ${termHistory[lost!]!.at(-1)} after sweep ${sweeps}; ` +
        "check the data for values beyond 1e150 and for columns without variation, and the prior for scales far from those of the data",
    );
  }
  if (gain < -roundingShare * end.scale.item()) {
    const worst = names.reduce((a, b) => (change(b) < change(a) ? b : a));
    throw new AscentError(
      `${owner}: the ELBO fell from ${history[sweeps - 2]} to ${history[sweeps - 1]} in sweep ${sweeps}, most in the term ${worst}; ` +
        "the updates are not those of this bound, or the data are too badly scaled for double precision: standardise them",
    );
  }
  const converged = gain <= tolerance * end.scale.item();
  const terms = Object.fromEntries(names.map((name) => [name, termHistory[name]![sweeps - 1]!]));
  const sumOf = (part: ElboPart) => names.filter((name) => parts[name] === part).reduce((sum, name) => sum + terms[name]!, 0);
  return {
    elbo: end.elbo.item(),
    reconstruction: sumOf("reconstruction"),
    regularisation: -sumOf("regularisation"),
    terms,
    history,
    termHistory,
    sweeps,
    converged,
    warnings: converged
      ? []
      : [`the ELBO still rose by ${gain.toPrecision(2)} nats in sweep ${sweeps}, the last one allowed: raise sweepsMax`],
  };
}
