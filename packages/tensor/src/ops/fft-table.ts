import { array, type NdArray } from "../array.ts";
import type { DType } from "../dtype.ts";

/** The constants that a transform takes (native/include/credence/fft.hpp): worked out in double precision, once for each length. */

/** cos and sin of 2 pi a / b for 0 <= a < b, from an angle of at most an eighth of a turn: within a unit in the last place. */
function turn(a: number, b: number): [number, number] {
  if (2 * a > b) {
    const [c, s] = turn(b - a, b);
    return [c, -s];
  }
  if (4 * a > b) {
    const [c, s] = turn(b - 2 * a, 2 * b);
    return [-c, s];
  }
  if (8 * a > b) {
    const [c, s] = turn(b - 4 * a, 4 * b);
    return [s, c];
  }
  const angle = (2 * Math.PI * a) / b;
  return [Math.cos(angle), Math.sin(angle)];
}

type Complexes = [re: Float64Array, im: Float64Array];

/** e^(2 pi i k / n) for k < count. */
function turns(n: number, count = n): Complexes {
  const out: Complexes = [new Float64Array(count), new Float64Array(count)];
  for (let k = 0; k < count; k++) [out[0][k], out[1][k]] = turn(k, n) as [number, number];
  return out;
}

const primes = [2, 3, 5];
const factorOf = (n: number): number | undefined => primes.find((p) => n % p === 0);

function isSmooth(n: number): boolean {
  let rest = n;
  for (let p = factorOf(rest); p !== undefined; p = factorOf(rest)) rest /= p;
  return rest === 1;
}

/** The transform of x, whose length has the prime factors 2, 3 and 5: of every p-th element, put together. */
function transform([re, im]: Complexes, [cos, sin]: Complexes): Complexes {
  const n = re.length;
  if (n === 1) return [re, im];
  const p = factorOf(n)!;
  const part = n / p;
  const pick = (x: Float64Array, from: number): Float64Array => Float64Array.from({ length: part }, (_, j) => x[p * j + from]!);
  const parts = Array.from({ length: p }, (_, r) => transform([pick(re, r), pick(im, r)], [cos, sin]));
  const out: Complexes = [new Float64Array(n), new Float64Array(n)];
  const step = cos.length / n;
  for (let k = 0; k < n; k++)
    parts.forEach(([a, b], r) => {
      const [c, s, at] = [cos[((r * k) % n) * step]!, sin[((r * k) % n) * step]!, k % part];
      out[0][k]! += a[at]! * c + b[at]! * s;
      out[1][k]! += b[at]! * c - a[at]! * s;
    });
  return out;
}

/** The length m >= 2n - 1 through which a transform of length n goes, or 0 if its own prime factors are 2, 3 and 5. */
export function through(n: number): number {
  if (isSmooth(n)) return 0;
  let m = 2 * n - 1;
  while (!isSmooth(m)) m++;
  return m;
}

/** Turns; for a length with other factors also the chirp e^(i pi k^2 / n), and the transform of it wrapped around m, over m. */
function tableOf(n: number, m: number): Float64Array[] {
  if (m === 0) return turns(n);
  const whole = turns(m);
  const chirp: Complexes = [new Float64Array(n), new Float64Array(n)];
  const filter: Complexes = [new Float64Array(m), new Float64Array(m)];
  for (let k = 0; k < n; k++) {
    const [c, s] = turn((k * k) % (2 * n), 2 * n);
    [chirp[0][k], chirp[1][k]] = [c, s];
    filter[0][k] = filter[0][(m - k) % m] = c / m;
    filter[1][k] = filter[1][(m - k) % m] = s / m;
  }
  return [...whole, ...chirp, ...transform(filter, whole)];
}

const known = new Map<string, WeakRef<NdArray>>();

function joined(key: string, dtype: DType, make: () => Float64Array[]): NdArray {
  const kept = known.get(`${dtype} ${key}`)?.deref();
  if (kept) return kept;
  const parts = make();
  const data = new (dtype === "f32" ? Float32Array : Float64Array)(parts.reduce((n, p) => n + p.length, 0));
  let at = 0;
  for (const part of parts) {
    data.set(part, at);
    at += part.length;
  }
  const table = array(data);
  known.set(`${dtype} ${key}`, new WeakRef(table));
  return table;
}

/** The table of a complex transform of length `n`. */
export const complexTable = (n: number, dtype: DType): NdArray => joined(`complex ${n}`, dtype, () => tableOf(n, through(n)));

/** Of a real one: for an even length that of half of it, and e^(2 pi i k / n) for k < n / 2. */
export const realTable = (n: number, dtype: DType): NdArray =>
  n % 2 === 1 ? complexTable(n, dtype) : joined(`real ${n}`, dtype, () => [...tableOf(n / 2, through(n / 2)), ...turns(n, n / 2)]);
