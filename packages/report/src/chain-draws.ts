/** Numbers of some shape, row-major, as an array of `@credence/tensor` is. */
export interface Values {
  readonly shape: readonly number[];
  data(): ArrayLike<number>;
}

/** Draws of chains with what the sampler says of each: the `Draws` of `@credence/core`. */
export interface ChainDraws {
  /** Of the K quantities. */
  readonly names: readonly string[];
  /** [chains, draws, K] */
  readonly draws: Values;
  /** By ArviZ's names, [chains, draws]: `diverging`, `energy`, ... */
  readonly stats: Readonly<Record<string, Values>>;
  /** [chains, draws] */
  readonly logDensity?: Values;
  readonly warnings?: readonly string[];
}

/** Chosen quantities of some draws, ready to be drawn. */
export interface Chosen {
  readonly chains: number;
  readonly length: number;
  /** Name and one array a chain. */
  readonly quantities: readonly { readonly name: string; readonly chains: readonly Float64Array[] }[];
}

/**
 * The quantities named, or the first `most` that vary, by chain.
 * @throws {RangeError} for a name that the draws do not have, shapes that do not fit, and draws that are not finite
 */
export function choose({ names, draws }: ChainDraws, wanted: readonly string[] | undefined, most: number): Chosen {
  const [chains = 0, length = 0, width = 0] = draws.shape;
  if (draws.shape.length !== 3 || width !== names.length || chains * length === 0)
    throw new RangeError(`draws have shape [${draws.shape.join(", ")}], expected [chains, draws, ${names.length}]`);
  const values = draws.data();
  const of = (d: number): Float64Array[] =>
    Array.from({ length: chains }, (_, c) =>
      Float64Array.from({ length }, (_, t) => {
        const value = values[(c * length + t) * width + d]!;
        if (!Number.isFinite(value)) throw new RangeError(`draw ${t} of chain ${c} of ${names[d]} is ${value}, expected a finite number`);
        return value;
      }),
    );
  if (wanted)
    return {
      chains,
      length,
      quantities: wanted.map((name) => {
        const d = names.indexOf(name);
        if (d < 0) throw new RangeError(`the draws have no quantity ${name}; they have ${names.join(", ")}`);
        return { name, chains: of(d) };
      }),
    };
  const quantities: { name: string; chains: Float64Array[] }[] = [];
  for (let d = 0; d < width && quantities.length < most; d++) {
    const own = of(d);
    if (own.some((chain) => chain.some((value) => value !== own[0]![0]))) quantities.push({ name: names[d]!, chains: own });
  }
  if (quantities.length === 0) throw new RangeError(`none of ${names.join(", ")} varies: there is nothing to draw`);
  return { chains, length, quantities };
}

/** Values of a statistic by chain; undefined where the sampler does not give it. */
export function statistic({ stats, draws }: ChainDraws, name: string): Float64Array[] | undefined {
  const found = stats[name];
  if (!found) return undefined;
  const [chains = 0, length = 0] = draws.shape;
  if (found.shape.join() !== `${chains},${length}`)
    throw new RangeError(`the statistic ${name} has shape [${found.shape.join(", ")}], expected [${chains}, ${length}]`);
  const values = found.data();
  return Array.from({ length: chains }, (_, c) => Float64Array.from({ length }, (_, t) => values[c * length + t]!));
}

/** Chains one after the other. */
export function pooled(chains: readonly Float64Array[]): Float64Array {
  const all = new Float64Array(chains.reduce((total, chain) => total + chain.length, 0));
  let at = 0;
  for (const chain of chains) {
    all.set(chain, at);
    at += chain.length;
  }
  return all;
}

/** At most `most` of the indices 0 .. length - 1, evenly spaced. */
export function spaced(length: number, most: number): number[] {
  const step = Math.max(1, Math.ceil(length / most));
  return Array.from({ length: Math.ceil(length / step) }, (_, i) => i * step);
}
