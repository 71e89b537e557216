import { asTensor, eye, stack, type Tensor, type TensorLike } from "@credence/tensor";
import { alongAxes, type Body } from "../body/body.ts";
import { effectiveLambda, type Lame, type Setting } from "../material.ts";

/** Lame's parameters of a material, numbers or scalars of a program. */
export interface TracedLame {
  readonly lambda: TensorLike;
  readonly mu: TensorLike;
}

/**
 * A displacement field in closed form, for any material, with the loads that cause it. Functions are traced, over points [n, d] in f64 or f32; lambda and
 * mu are those of the material in three dimensions, whatever the setting.
 */
export interface ElasticField {
  readonly name: string;
  readonly setting: Setting;
  readonly body: Body;
  /** The material that data are simulated with, and for which loads are taken. */
  readonly material: Lame;
  /** u, [n, d]. */
  displacement(points: Tensor, material: TracedLame): Tensor;
  /** sigma, [n, d, d]. */
  stress(points: Tensor, material: TracedLame): Tensor;
  /** b of div sigma + b = 0, force per volume, [n, d]. */
  bodyForce(points: Tensor, material: TracedLame): Tensor;
  /** Components (0 for x) whose displacement is prescribed on a face. Of all others, on every face, the traction is. */
  readonly supports: Readonly<Record<string, readonly number[]>>;
}

/** Scalars of the type of `points`, with the lambda of two-dimensional equations. */
export function lameAt(points: Tensor, { lambda, mu }: TracedLame, setting: Setting): { readonly lambda: Tensor; readonly mu: Tensor } {
  const [l, m] = [asTensor(lambda, points.dtype), asTensor(mu, points.dtype)];
  return {
    lambda:
      setting === "plane-stress"
        ? l
            .mul(m)
            .mul(2)
            .div(l.add(m.mul(2)))
        : l,
    mu: m,
  };
}

/** sigma = lambda tr(eps) I + 2 mu eps with eps = sym grad u; the gradient [n, d, d] holds d u_i / d x_j, lambda is that of the setting. */
export function hooke(gradient: Tensor, lambda: TensorLike, mu: TensorLike): Tensor {
  const d = gradient.shape[1]!;
  const strain = gradient.add(gradient.transpose([0, 2, 1])).mul(0.5);
  const identity = eye(d, gradient.dtype);
  const trace = strain.mul(identity).sum([1, 2]).reshape([gradient.shape[0]!, 1, 1]);
  return trace.mul(identity).mul(lambda).add(strain.mul(mu).mul(2));
}

/** grad u, [n, d, d]: entry (i, j) is d u_i / d x_j. */
export const gradientOf = (displacement: (points: Tensor) => Tensor, points: Tensor): Tensor => stack(alongAxes(displacement, points), 2);

/** div sigma, [n, d]. */
export function divergenceOf(stress: (points: Tensor) => Tensor, points: Tensor): Tensor {
  return alongAxes(stress, points)
    .map((slope, j) => slope.index(j, 2))
    .reduce((sum, term) => sum.add(term));
}

/** The stress that Hooke's law gives for a field's displacement, by its derivatives. */
export function stressOf(field: Pick<ElasticField, "displacement" | "setting">, points: Tensor, material: TracedLame): Tensor {
  const { lambda, mu } = lameAt(points, material, field.setting);
  return hooke(
    gradientOf((x) => field.displacement(x, material), points),
    lambda,
    mu,
  );
}

/** @throws {RangeError} for a material without a stable state: mu and lambda + 2 mu / 3 (in two dimensions lambda + mu, of the setting) must be > 0. */
export function requireMaterial(owner: string, material: Lame, setting: Setting): void {
  const { lambda, mu } = material;
  const bulk = setting === "solid" ? lambda + (2 * mu) / 3 : effectiveLambda(material, setting) + mu;
  if (!(mu > 0 && bulk > 0 && Number.isFinite(mu + bulk)))
    throw new RangeError(
      `${owner}: mu must be > 0 and the bulk stiffness too, got lambda ${lambda} and mu ${mu}; lameOf gives them from Young's modulus and Poisson's ratio`,
    );
}
