import { array, cholesky, diagonal, NdArray, program, sqrt, type Tensor } from "@credence/tensor";
import type { Target } from "../model/index.ts";
import { pathfinderFor } from "./pathfinder.ts";
import { type Placement, placementOf } from "./starts.ts";

/** A normal to start from: mean [D] and covariance [D, D]. */
export interface NormalBase {
  readonly mean: NdArray | ArrayLike<number>;
  readonly covariance: NdArray | readonly (readonly number[])[];
}

/** Mean and factor of a base on the host's side of a program. */
export interface PlacedBase {
  readonly mean: NdArray;
  readonly factor: NdArray;
}

/**
 * Mean and factor of the base that was given, or of the best normal of Pathfinder. The factor is that of the covariance, [D, D], or for `diagonal` the sds alone, [D].
 * @throws RangeError where a given base does not fit the target, or its covariance is not positive definite
 */
export async function placeBase(
  target: Target,
  given: NormalBase | undefined,
  shape: "dense" | "diagonal",
  options: Placement & { readonly seed: number; readonly signal?: AbortSignal },
): Promise<PlacedBase> {
  const { dimension } = target;
  const place = options.device === undefined ? {} : { device: options.device };
  const { mean, covariance } = given ? givenBase(given, dimension, place) : await foundBase(target, options, place);
  const run = program((c: Tensor) => (shape === "dense" ? cholesky(c) : sqrt(diagonal(c))), {
    ...placementOf(options),
    name: "factor of the base",
  });
  using wide = covariance;
  const factor = run(wide);
  if (factor.data().some((value) => !Number.isFinite(value)))
    throw new RangeError("base: the covariance must be symmetric positive definite");
  return { mean, factor };
}

async function foundBase(
  target: Target,
  options: Placement & { readonly seed: number; readonly signal?: AbortSignal },
  place: { device?: string },
) {
  const fit = await pathfinderFor("fitVariational", target, { ...options, pathDraws: 100, draws: 1 });
  const best = fit.paths.reduce((a, b) => (a.elbo > b.elbo ? a : b));
  return { mean: array(best.mean, place), covariance: fit.covariance };
}

function givenBase({ mean, covariance }: NormalBase, dimension: number, place: { device?: string }) {
  const centre = Float64Array.from(mean instanceof NdArray ? mean.data() : mean);
  const spread = Float64Array.from(covariance instanceof NdArray ? covariance.data() : covariance.flat());
  if (centre.length !== dimension || spread.length !== dimension ** 2)
    throw new RangeError(
      `base: expected a mean of ${dimension} numbers and a covariance [${dimension}, ${dimension}], got ${centre.length} and ${spread.length} numbers`,
    );
  return { mean: array(centre, place), covariance: array(spread, { shape: [dimension, dimension], ...place }) };
}
