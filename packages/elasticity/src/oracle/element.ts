import { array, concat, constant, inverse, type NdArray, type Tensor } from "@credence/tensor";
import { alongAxes, determinantOf, type Face, onFace } from "../body/body.ts";
import { gaussLegendre } from "./gauss.ts";
import type { Mesh } from "./mesh.ts";
import type { ElasticProblem } from "./problem.ts";

/** What the elements of a patch add to the equations; rows and columns are components of their nodes, component by component. */
export interface ElementMatrices {
  /** Components [E, m], places among all components of all nodes: a + d node. */
  readonly components: NdArray;
  /** [E, m, m] */
  readonly lambda: Tensor;
  readonly mu: Tensor;
}

export interface ElementForces {
  readonly components: NdArray;
  /** [E, m] */
  readonly force: Tensor;
}

/**
 * Stiffness and body force of the elements of patch k. With D_ab[i, j] the integral of d_a phi_i d_b phi_j, the block (a, b) of K_lambda is D_ab, and that of K_mu
 * is D_ba, with the sum of all D_cc more on the diagonal. Integrals are Gauss's with order + 2 points a coordinate. Traced.
 */
export function elementsOfPatch(problem: ElasticProblem, mesh: Mesh, k: number): { matrices: ElementMatrices; forces?: ElementForces } {
  const { basis, divisions, offsets } = mesh;
  const { dimension: d, patches } = mesh.body;
  const { place } = patches[k]!;
  const { points, weights } = ruleOf(basis.order + 2, d);
  const [elements, count, local] = [offsets.length, weights.length, (basis.order + 1) ** d];
  const reference = constant(points, "f64");
  const at = spread(offsets, reference, divisions);
  const tangents = alongAxes(place, at).map((t) => t.div(divisions));
  // Entry (k, a) of the inverse is d xi_k / d x_a.
  const back = inverse(
    concat(
      tangents.map((t) => t.expandDims(2)),
      2,
    ),
  );
  const weight = determinantOf(tangents).abs().reshape([elements, count, 1]).mul(constant(weights, "f64").expandDims(1));
  const slopes = alongAxes(basis.at, reference);
  const chain = (j: number, a: number): Tensor => back.slice([0, j, a], [elements * count, j + 1, a + 1]).reshape([elements, count, 1]);
  const gradient = tangents.map((_, a) => slopes.map((slope, j) => chain(j, a).mul(slope)).reduce((x, y) => x.add(y)));
  const products = gradient.map((left) => gradient.map((right) => left.mul(weight).transpose([0, 2, 1]).matmul(right)));
  const trace = products.map((row, a) => row[a]!).reduce((x, y) => x.add(y));
  const blocks = (f: (a: number, b: number) => Tensor): Tensor =>
    concat(
      gradient.map((_, a) =>
        concat(
          gradient.map((__, b) => f(a, b)),
          2,
        ),
      ),
      1,
    );
  const components = componentsOf(mesh.elements.slice(k * elements * local, (k + 1) * elements * local), local, d);
  const matrices = {
    components,
    lambda: blocks((a, b) => products[a]![b]!),
    mu: blocks((a, b) => (a === b ? products[b]![a]!.add(trace) : products[b]![a]!)),
  };
  if (!problem.bodyForce) return { matrices };
  const density = problem.bodyForce(place(at)).reshape([elements, count, d]).mul(weight);
  return { matrices, forces: { components, force: tested(basis.at(reference), density) } };
}

/** The traction of a face on its elements, or undefined where it is free. Traced. */
export function elementsOfFace(problem: ElasticProblem, mesh: Mesh, name: string, face: Face): ElementForces | undefined {
  const { basis, divisions, body } = mesh;
  const d = body.dimension;
  const { points, weights } = ruleOf(basis.order + 2, d - 1);
  const { nodes, offsets } = mesh.face(face);
  const reference = constant(points, "f64");
  const { points: places, normals, stretch } = onFace(body, face, spread(offsets, reference, divisions));
  const traction = problem.traction(name, places, normals);
  if (!traction) return undefined;
  const [elements, count] = [offsets.length, weights.length];
  const weight = stretch
    .reshape([elements, count, 1])
    .mul(constant(weights, "f64").expandDims(1))
    .div(divisions ** (d - 1));
  const density = traction.reshape([elements, count, d]).mul(weight);
  return { components: componentsOf(nodes, (basis.order + 1) ** (d - 1), d), force: tested(basis.at(reference), density) };
}

/** sum over points of phi_i times the density [E, n, d]: [E, d local]. */
function tested(values: Tensor, density: Tensor): Tensor {
  const [elements, , d] = density.shape as [number, number, number];
  return values.T.matmul(density)
    .transpose([0, 2, 1])
    .reshape([elements, d * values.shape[1]!]);
}

/** Reference points [n, k] in each of the elements, as coordinates of the patch, [E n, k]. */
function spread(offsets: readonly (readonly number[])[], reference: Tensor, divisions: number): Tensor {
  const corners = constant(
    offsets.map((offset) => [...offset]),
    "f64",
  );
  return corners
    .expandDims(1)
    .add(reference)
    .div(divisions)
    .reshape([offsets.length * reference.shape[0]!, reference.shape[1]!]);
}

/** Gauss's rule with n points in each of k coordinates. */
function ruleOf(n: number, k: number): { points: number[][]; weights: number[] } {
  const { points, weights } = gaussLegendre(n);
  if (k === 1) return { points: Array.from(points, (x) => [x]), weights: [...weights] };
  const less = ruleOf(n, k - 1);
  return {
    points: less.points.flatMap((head) => Array.from(points, (x) => [...head, x])),
    weights: less.weights.flatMap((w) => Array.from(weights, (v) => w * v)),
  };
}

/** Components of the nodes of each element: [elements, d local]. */
function componentsOf(nodes: Int32Array, local: number, d: number): NdArray {
  const elements = nodes.length / local;
  const all = Int32Array.from({ length: nodes.length * d }, (_, at) => {
    const [element, within] = [Math.floor(at / (d * local)), at % (d * local)];
    return nodes[element * local + (within % local)]! * d + Math.floor(within / local);
  });
  return array(all, { shape: [elements, d * local] });
}
