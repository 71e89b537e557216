import { concat, constant, type NdArray, program, random, type Tensor, zeros } from "@credence/tensor";
import { sampleFace, sampleInterior } from "../body/sample.ts";
import type { ElasticProblem } from "../oracle/problem.ts";
import type { Units } from "./pinn-problem.ts";

/** Where the equations are asked to hold, and what is asked there; everything in units of the problem. f64, n points inside and m on the boundary. */
export interface Collocation<T = NdArray> {
  /** [n, d] */
  readonly inside: T;
  /** Share of each point, mean 1, [n, 1]. */
  readonly insideWeight: T;
  /** Force per volume, [n, d]. */
  readonly force: T;
  /** [m, d] */
  readonly boundary: T;
  /** Share of each point of its face, mean 1, [m, 1]. */
  readonly boundaryWeight: T;
  /** [m, d], pointing outwards; 0 at pins. */
  readonly normal: T;
  /** Force per area, [m, d]. */
  readonly traction: T;
  /** 1 where the displacement is prescribed and 0 where the traction is, [m, d]. */
  readonly isHeld: T;
  /** Displacement where it is prescribed, [m, d]. */
  readonly held: T;
  /** 1 where a row counts, [m, d]: of a pin only the held components do. */
  readonly counts: T;
}

export interface CollocationCounts {
  readonly interior: number;
  /** On each face. */
  readonly face: number;
}

const facePoints = (problem: ElasticProblem, key: Tensor, count: number) =>
  Object.keys(problem.body.faces).map((name, k) => ({ name, ...sampleFace(problem.body, name, random.fold(key, k + 1), count) }));

/** Random places of the equations, a function of the key. Traced. */
export function collocate(problem: ElasticProblem, units: Units, key: Tensor, { interior, face }: CollocationCounts): Collocation<Tensor> {
  const { body, supports, pins = [] } = problem;
  const d = body.dimension;
  const centre = constant([...units.centre], "f64");
  const scaled = (x: Tensor): Tensor => x.sub(centre).div(units.length);
  const { points, weights } = sampleInterior(body, random.fold(key, 0), interior);
  const faces = facePoints(problem, key, face).map(({ name, points, normals, weights }) => {
    const mask = Array.from({ length: d }, (_, i) => Number((supports[name] ?? []).includes(i)));
    const isHeld = constant([mask], "f64").broadcastTo(points.shape);
    return {
      points,
      normals,
      weights,
      isHeld,
      traction: problem.traction(name, points, normals) ?? points.mul(0),
      held: problem.held?.(points) ?? points.mul(0),
      counts: zeros(points.shape, "f64").add(1),
    };
  });
  const pinned = pins.map(({ at, components }) => {
    const points = constant([[...at]], "f64");
    const isHeld = constant([Array.from({ length: d }, (_, i) => Number(components.includes(i)))], "f64");
    const held = problem.held?.(points) ?? points.mul(0);
    // A pin is one point for the whole weight of a face.
    return { points, normals: points.mul(0), weights: zeros([1], "f64").add(face), isHeld, traction: points.mul(0), held, counts: isHeld };
  });
  const all = [...faces, ...pinned];
  const joined = (name: keyof (typeof all)[number]): Tensor =>
    concat(
      all.map((f) => f[name] as Tensor),
      0,
    );
  return {
    inside: scaled(points),
    insideWeight: weights.expandDims(1),
    force: (problem.bodyForce?.(points) ?? points.mul(0)).mul(units.length ** 2 / (units.stress * units.displacement)),
    boundary: scaled(joined("points")),
    boundaryWeight: joined("weights").expandDims(1),
    normal: joined("normals"),
    traction: joined("traction").mul(units.length / (units.stress * units.displacement)),
    isHeld: joined("isHeld"),
    held: joined("held").div(units.displacement),
    counts: joined("counts"),
  };
}

/** The same as arrays. */
export const collocationOf = (problem: ElasticProblem, units: Units, seed: number, counts: CollocationCounts): Promise<Collocation> =>
  program(() => collocate(problem, units, random.key(seed), counts) as unknown as Record<string, Tensor>).runAsync(
    [],
  ) as unknown as Promise<Collocation>;

/** What a problem's loads amount to at points spread over it: rms force per volume, and rms traction of every face. */
export function loadsOf(problem: ElasticProblem) {
  const key = random.key(0);
  const { points } = sampleInterior(problem.body, key, 400);
  const faces = facePoints(problem, key, 40);
  const rms = (t: Tensor): Tensor => t.square().sum(1).mean().sqrt();
  return {
    points: concat([points, ...faces.map((f) => f.points)], 0),
    force: rms(problem.bodyForce?.(points) ?? points.mul(0)),
    tractions: faces.map(({ name, points, normals }) => {
      const supported = problem.supports[name] ?? [];
      const free = constant([Array.from({ length: problem.body.dimension }, (_, i) => Number(!supported.includes(i)))], "f64");
      return rms((problem.traction(name, points, normals) ?? points.mul(0)).mul(free));
    }),
  };
}
