/** What two dimensions say of the third: no strain across, no stress across, or all three dimensions. */
export type Setting = "plane-strain" | "plane-stress" | "solid";

/** Lame's parameters of an isotropic material, in Pa or any other unit of stress: stress = lambda tr(strain) I + 2 mu strain. */
export interface Lame {
  readonly lambda: number;
  /** Shear modulus. */
  readonly mu: number;
}

/** Young's modulus, in a unit of stress, and Poisson's ratio of the same material. */
export interface Engineering {
  readonly young: number;
  readonly poisson: number;
}

/** lambda = E nu / ((1 + nu)(1 - 2 nu)), mu = E / (2 (1 + nu)). */
export function lameOf({ young, poisson }: Engineering): Lame {
  if (!(young > 0 && Number.isFinite(young))) throw new RangeError(`lameOf: young must be a stress > 0, got ${young}`);
  if (!(poisson > -1 && poisson < 0.5))
    throw new RangeError(
      `lameOf: poisson must lie in (-1, 0.5), got ${poisson}; at 0.5 the material is incompressible and lambda has no value`,
    );
  return { lambda: (young * poisson) / ((1 + poisson) * (1 - 2 * poisson)), mu: young / (2 * (1 + poisson)) };
}

/** E = mu (3 lambda + 2 mu) / (lambda + mu), nu = lambda / (2 (lambda + mu)). */
export function engineeringOf({ lambda, mu }: Lame): Engineering {
  return { young: (mu * (3 * lambda + 2 * mu)) / (lambda + mu), poisson: lambda / (2 * (lambda + mu)) };
}

/** The lambda with which two-dimensional equations are written: 2 lambda mu / (lambda + 2 mu) under plane stress, lambda itself otherwise. */
export function effectiveLambda({ lambda, mu }: Lame, setting: Setting): number {
  return setting === "plane-stress" ? (2 * lambda * mu) / (lambda + 2 * mu) : lambda;
}
