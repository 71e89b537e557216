import { array, NdArray, program, type Tensor } from "@credence/tensor";
import { describePoint, faultyParts } from "../model/faulty-parts.ts";
import type { Target } from "../model/index.ts";
import { type Gradient, gradientOfTarget } from "./leapfrog.ts";

/** Sets of starting points drawn before giving up. */
const attempts = 100;

/** Beyond this the rounding of the log density itself is a tenth of a nat, and whether a step is accepted is an accident. */
const magnitudeMax = 0.1 / Number.EPSILON;

export interface StartOptions {
  readonly target: Target;
  readonly chains: number;
  /** u32 [2] */
  readonly key: NdArray;
  /** Unconstrained, [chains, D]. */
  readonly init?: NdArray | readonly (readonly number[])[];
  /** Whether the gradient must be finite too; true if absent. */
  readonly gradient?: boolean;
  readonly device?: string;
}

/**
 * Where the chains start, f64 [chains, D]: points of finite log density and gradient, not so low that steps cannot be told apart. Those of `target.initial` are drawn anew until they are.
 * @throws RangeError that names the coordinate and what is not finite
 */
export async function startingPoints({ target, chains, key, init, gradient: slopes = true, device }: StartOptions): Promise<NdArray> {
  const { dimension } = target;
  const placement = device === undefined ? {} : { device };
  const densityAlone: Gradient = (position) => ({ logDensity: target.logDensity(position), gradient: position.mul(0) });
  const gradient = slopes ? gradientOfTarget(target) : densityAlone;
  const look = program((position: Tensor) => ({ position, ...gradient(position), whole: target.logDensity(position) }), {
    ...placement,
    name: "log density at the start",
  });
  const draw = program((k: Tensor) => target.initial(k, chains), { ...placement, name: "starting points" });
  const values = new Float64Array(chains * dimension);
  const open = new Set(Array.from({ length: chains }, (_, c) => c));
  let fault = "";
  let lost = new Float64Array(dimension);
  for (let attempt = 0; attempt < (init ? 1 : attempts) && open.size > 0; attempt++) {
    using attemptKey = array(key.data().map((word, i) => (i === 0 ? word : (word ^ (attempt << 16)) >>> 0)) as Uint32Array);
    using points = init ? givenPoints(init, chains, dimension, device) : await draw.runAsync([attemptKey]);
    if (points.shape.join() !== `${chains},${dimension}` || points.dtype !== "f64")
      throw new RangeError(
        `the starting points must be f64 [${chains}, ${dimension}] (chains, unconstrained coordinates), got ${points.dtype} [${points.shape.join(", ")}]`,
      );
    const at = await look.runAsync([points]);
    using densities = at.logDensity;
    using gradients = at.gradient;
    using whole = at.whole;
    at.position.dispose();
    if (densities.shape.join() !== `${chains}`)
      throw new RangeError(`logDensity must give shape [${chains}] for [${chains}, ${dimension}], got [${densities.shape.join(", ")}]`);
    checkParts(densities.data(), whole.data());
    const [u, l, g] = [points.data(), densities.data(), gradients.data()];
    for (const c of open) {
      const bad = Array.from({ length: dimension }, (_, d) => d).find((d) => !Number.isFinite(g[c * dimension + d]!));
      if (Math.abs(l[c]!) < magnitudeMax && bad === undefined) {
        values.set(u.subarray(c * dimension, (c + 1) * dimension), c * dimension);
        open.delete(c);
      } else {
        lost = Float64Array.from(u.subarray(c * dimension, (c + 1) * dimension));
        fault = faultOf(target, c, lost, l[c]!, bad, bad === undefined ? 0 : g[c * dimension + bad]!);
      }
    }
  }
  if (open.size > 0) {
    fault += await faultyParts(target, lost, device);
    throw new RangeError(
      init
        ? `${fault}; start inside the support, at points of finite log density`
        : `no point to start from for ${open.size} of ${chains} chains in ${attempts} draws: ${fault}; give init, or check the model and its data`,
    );
  }
  return array(values, { shape: [chains, dimension], ...placement });
}

/** The log density that comes with the gradient may be summed over blocks of the data: refuses a likelihood whose terms are not of their own rows. */
function checkParts(densities: ArrayLike<number>, whole: ArrayLike<number>): void {
  for (let c = 0; c < whole.length; c++)
    if (Number.isFinite(whole[c]) && Math.abs(densities[c]! - whole[c]!) > 1e-6 * (1 + Math.abs(whole[c]!)))
      throw new RangeError(
        `the log density is ${whole[c]}, and ${densities[c]} where the data are taken block by block: a term of the likelihood depends on other rows than its own; use such data in the likelihood itself, not as the model's data`,
      );
}

/** The first thing that is wrong with a point, in words. */
function faultOf(target: Target, chain: number, u: ArrayLike<number>, density: number, bad: number | undefined, slope: number): string {
  const outside = Array.from(u).findIndex((value) => !Number.isFinite(value));
  const where = `at the start of chain ${chain + 1} (${describePoint(target.coordinates, u)})`;
  if (outside >= 0) return `the coordinate ${target.coordinates[outside]} is ${u[outside]} ${where}`;
  if (density === -Infinity) return `the log density is -Infinity ${where}: the start is outside the support`;
  if (density === Infinity) return `the log density is Infinity ${where}: the density is improper`;
  if (Number.isNaN(density)) return `the log density is NaN ${where}`;
  if (Math.abs(density) >= magnitudeMax)
    return `the log density is ${density.toPrecision(3)} ${where}, where its rounding alone decides whether a step is accepted`;
  return `the derivative of the log density to ${target.coordinates[bad!]} is ${slope} ${where}`;
}

function givenPoints(init: NdArray | readonly (readonly number[])[], chains: number, dimension: number, device?: string): NdArray {
  const place = device === undefined ? {} : { device };
  const points =
    init instanceof NdArray
      ? array(Float64Array.from(init.data()), { shape: init.shape, ...place })
      : array(init, { dtype: "f64", ...place });
  if (points.shape.length !== 2 || points.shape[0] !== chains || points.shape[1] !== dimension)
    throw new RangeError(
      `init must have shape [${chains}, ${dimension}] (chains, unconstrained coordinates), got [${points.shape.join(", ")}]`,
    );
  return points;
}
