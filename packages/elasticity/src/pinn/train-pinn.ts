import { adam, cosineRate, type LbfgsState, lbfgs, lbfgsStatus, rowGradient } from "@credence/core";
import { any, array, concat, grad, NdArray, program, random, repeat, type Tensor, whileLoop } from "@credence/tensor";
import { requireMaterial } from "../field/elastic-field.ts";
import type { Lame } from "../material.ts";
import { type Collocation, collocationOf } from "./collocation.ts";
import { hardSupports } from "./hard-supports.ts";
import { initialWeights, type NetworkShape, networkDisplacement, weightCount } from "./network-field.ts";
import type { PinnProblem } from "./pinn-problem.ts";
import { dampedSteps, type PinnData, type PinnSetup, pinnLoss, pinnTerms } from "./pinn-programs.ts";

export interface TrainPinnOptions {
  /** Widths of the hidden layers, tanh; [24, 24] if absent. */
  readonly hidden?: readonly number[];
  /** The material of a forward problem; without it lambda and mu are inferred, together with the field. */
  readonly material?: Lame;
  /** Where lambda and mu start; the problem's unit of stress if absent. */
  readonly start?: Lame;
  /** "hard": components are zero on flat faces that hold them by a factor of the network. "soft": by a term of the loss. Hard where it can be, if absent. */
  readonly supports?: "hard" | "soft";
  /** Places where equilibrium is asked for; 400 if absent, 1500 in three dimensions. */
  readonly collocation?: number;
  /** Places on each face; 30 if absent, 100 in three dimensions. */
  readonly facePoints?: number;
  /** sd of force per volume and traction at each of these places, and ten times that of held displacements, over the size of the loads; 1e-3 if absent. */
  readonly forceSd?: number;
  /** Prior sd of weights and biases; 10 if absent. */
  readonly weightSd?: number;
  /** Steps of Adam, of L-BFGS, and of Levenberg and Marquardt, one after the other; 0, 0 and 150 if absent. */
  readonly steps?: { readonly adam?: number; readonly lbfgs?: number; readonly levenbergMarquardt?: number };
  /** First learning rate of Adam, which falls to nothing along a cosine; 5e-3 if absent. */
  readonly learningRate?: number;
  /** Steps after which places are drawn anew; never if absent. */
  readonly resampleEvery?: number;
  readonly seed: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: {
    readonly stage: string;
    readonly step: number;
    readonly loss: number;
    readonly material: Lame;
  }) => void;
}

/** One term of minus the log posterior. */
export interface LossTerm {
  /** Half the sum of squared residuals in units of their sd, or minus the log prior density; nats, up to the normal's constant. */
  readonly nats: number;
  /** Residuals of which a normal density is asked. */
  readonly count: number;
}

export interface PinnFit {
  readonly problem: PinnProblem;
  readonly map: Lame;
  /** Terms of the loss at the end, by name: physics, boundary, readings, weights, prior. */
  readonly terms: Readonly<Record<string, LossTerm>>;
  /** Displacement at places [n, d], in the unit of the readings. */
  displacement(points: NdArray | readonly (readonly number[])[]): Promise<NdArray>;
  /** Loss, nats, by stage and step. */
  readonly history: readonly { readonly stage: string; readonly step: number; readonly loss: number; readonly seconds: number }[];
  readonly warnings: readonly string[];
  /** What was trained, for posteriors that start here. */
  readonly network: { readonly setup: PinnSetup; readonly vector: NdArray; readonly data: PinnData<NdArray> };
}

/** Equations that hold more sharply than this from the start leave narrow valleys in which the readings are never reached: the first half of the damped steps takes this sd. */
const gentleSd = 1e-3;

/**
 * The most probable displacement field and material: a network u(x) with lambda and mu, whose loss is minus the log posterior of readings, equilibrium, boundary values and
 * weights. Adam alone leaves lambda and mu many posterior sds off, since the loss is ill-conditioned; steps of Levenberg and Marquardt on its residuals do not.
 * @throws {RangeError} for options that make no sense, and where the loss is not finite
 */
export async function trainPinn(problem: PinnProblem, options: TrainPinnOptions): Promise<PinnFit> {
  const owner = `${problem.problem.name}: trainPinn`;
  const { setting } = problem.problem;
  const { units, dimension } = problem;
  const three = dimension === 3;
  const { hidden = [24, 24], forceSd = 1e-3, weightSd = 10, learningRate = 5e-3, seed, material } = options;
  const { adam: adamSteps = 0, lbfgs: lbfgsSteps = 0, levenbergMarquardt = 150 } = options.steps ?? {};
  const { collocation = three ? 1500 : 400, facePoints = three ? 100 : 30, resampleEvery = Number.POSITIVE_INFINITY } = options;
  for (const [name, value] of Object.entries({ forceSd, weightSd, learningRate }))
    if (!(value > 0 && Number.isFinite(value))) throw new RangeError(`${owner}: ${name} must be > 0 and finite, got ${value}`);
  if (hidden.length === 0 || hidden.some((width) => !(Number.isInteger(width) && width > 0)))
    throw new RangeError(`${owner}: hidden must be widths of at least one layer, got [${hidden.join(", ")}]`);
  for (const [name, value] of Object.entries({ adam: adamSteps, lbfgs: lbfgsSteps, levenbergMarquardt }))
    if (!(Number.isInteger(value) && value >= 0)) throw new RangeError(`${owner}: steps.${name} must be a whole number >= 0, got ${value}`);
  if (!(resampleEvery >= 1)) throw new RangeError(`${owner}: resampleEvery must be >= 1, got ${resampleEvery}`);
  const begin = material ?? options.start ?? { lambda: units.stress, mu: units.stress };
  requireMaterial(owner, begin, setting);
  if (!(begin.lambda > 0)) throw new RangeError(`${owner}: lambda must be > 0, its logarithm is what is learnt; got ${begin.lambda}`);
  const inverse = material === undefined;
  if (inverse && problem.sensors.shape[0] === 0)
    throw new RangeError(`${owner}: there are no readings to learn lambda and mu from; give sensors and readings, or the material`);

  const run = options.signal ? { signal: options.signal } : {};
  const counts = { interior: collocation, face: facePoints };
  let draw = 0;
  const places = (): Promise<Collocation> => collocationOf(problem.problem, units, seed + draw++, counts);
  const at = await places();
  const planes = options.supports === "soft" ? undefined : hardSupports(at);
  if (options.supports === "hard" && planes === undefined)
    throw new RangeError(`${owner}: supports are hard only where flat faces hold components at zero; use "soft"`);
  const shape: NetworkShape = { dimension, hidden, planes: planes ?? Array.from({ length: dimension }, () => []) };
  const { prior } = problem;
  const setup: PinnSetup = {
    shape,
    setting,
    ...(prior && { prior: (lambda, mu) => prior(lambda.mul(units.stress), mu.mul(units.stress)) }),
  };
  const logs = [begin.lambda, begin.mu].map((v) => Math.log(v / units.stress));
  const centre = array([...units.centre], { dtype: "f64" });
  const sensors =
    problem.sensors.shape[0] === 0
      ? undefined
      : program((x: Tensor, y: Tensor, n: Tensor, c: Tensor) => ({
          places: x.sub(c).div(units.length),
          readings: y.div(units.displacement),
          noise: n.div(units.displacement),
        }))(problem.sensors, problem.readings, problem.noise, centre);
  const sdsOf = (sd: number): NdArray => array([sd, sd, sd / 10, weightSd], { dtype: "f64" });
  let rest = {
    ...(sensors && { sensors }),
    sds: sdsOf(Math.max(forceSd, gentleSd)),
    ...(!inverse && { material: array(logs, { dtype: "f64" }) }),
  };
  let data: PinnData<NdArray> = { at, ...rest };
  const initial = program((l: Tensor) => {
    const weights = initialWeights(shape, random.key(seed));
    return inverse ? concat([weights, l], 0) : weights;
  });
  let vector: NdArray = initial(array(logs, { dtype: "f64" }));
  const count = weightCount(shape);
  const materialNow = (): Lame => {
    if (material) return material;
    const [lambda, mu] = Array.from(vector.data().slice(count) as Float64Array, (v) => Math.exp(v) * units.stress);
    return { lambda: lambda!, mu: mu! };
  };
  const history: { stage: string; step: number; loss: number; seconds: number }[] = [];
  const started = performance.now();
  const book = (stage: string, step: number, loss: number): void => {
    if (!Number.isFinite(loss))
      throw new RangeError(`${owner}: the loss is not finite after step ${step} of ${stage}; try a smaller learning rate or another start`);
    history.push({ stage, step, loss, seconds: (performance.now() - started) / 1000 });
    options.onProgress?.({ stage, step, loss, material: materialNow() });
  };
  const loss = (x: Tensor, d: PinnData): Tensor => pinnLoss(setup, x, d);

  if (adamSteps > 0) {
    const chunk = Math.min(resampleEvery, adamSteps, 100);
    const method = adam<Tensor>({ learningRate: cosineRate({ rate: learningRate, steps: adamSteps }) });
    const first = program((x: Tensor) => method.init(x) as never)(vector) as never;
    const turns = program((x: Tensor, state: never, d: PinnData) => {
      const end = repeat(
        chunk,
        (s: { x: Tensor; state: never }) => {
          const { params, state: next } = method.step(s.state, s.x, grad((p: Tensor) => loss(p, d))(s.x) as Tensor);
          return { x: params, state: next as never };
        },
        { x, state },
      );
      return { ...end, loss: loss(end.x, d) } as never;
    });
    let state = first;
    for (let step = 0; step + chunk <= adamSteps; step += chunk) {
      const next = (await turns.runAsync([vector, state, data as never], run)) as unknown as { x: NdArray; state: never; loss: NdArray };
      [vector, state] = [next.x, next.state];
      book("adam", step + chunk, next.loss.item());
      if (Number.isFinite(resampleEvery)) data = { at: await places(), ...rest };
    }
  }
  if (lbfgsSteps > 0) {
    const descend = program((x: Tensor, d: PinnData) => {
      const method = lbfgs(
        rowGradient((rows) => loss(rows.squeeze(0), d).expandDims(0)),
        { memory: 30 },
      );
      const end = whileLoop((s: LbfgsState) => any(s.status.equal(lbfgsStatus.running)), method.step, method.init(x.expandDims(0)), {
        maxIterations: lbfgsSteps,
      });
      return { x: end.position.squeeze(0), loss: end.value.squeeze(0), count: end.count.squeeze(0) };
    });
    const end = await descend.runAsync([vector, data as never], run);
    vector = end.x;
    book("lbfgs", end.count.item(), end.loss.item());
  }
  if (levenbergMarquardt > 0) {
    const steps = program((x: Tensor, d: PinnData, dampings: Tensor) => dampedSteps(setup, x, d, dampings));
    const value = program(loss as never) as unknown as { runAsync(args: readonly unknown[], o: object): Promise<NdArray> };
    let best = (await value.runAsync([vector, data], run)).item();
    let damping = 1;
    const sharpened = Math.ceil(levenbergMarquardt / 2);
    for (let step = 1; step <= levenbergMarquardt; step++) {
      damping = Math.min(damping, 1e9);
      const sharpen = forceSd < gentleSd && step === sharpened;
      if (sharpen) rest = { ...rest, sds: sdsOf(forceSd) };
      if (sharpen || step % resampleEvery === 0) {
        data = { at: step % resampleEvery === 0 ? await places() : data.at, ...rest };
        best = (await value.runAsync([vector, data], run)).item();
      }
      const tried = [damping / 10, damping, damping * 10];
      const { point, loss: losses } = await steps.runAsync([vector, data as never, array(tried, { dtype: "f64" })], run);
      const values = Array.from(losses.data() as Float64Array, (v) => (Number.isNaN(v) ? Number.POSITIVE_INFINITY : v));
      const k = values.reduce((low, v, i) => (v < values[low]! ? i : low), 0);
      const gain = best - values[k]!;
      if (gain > 0) {
        vector = array((point.data() as Float64Array).slice(k * vector.size, (k + 1) * vector.size));
        [best, damping] = [values[k]!, Math.max(tried[k]!, 1e-13)];
      } else damping *= 100;
      book("levenberg-marquardt", step, best);
      if (gain > 0 && gain < 1e-6 * (1 + best) && (step > sharpened || forceSd >= gentleSd)) break;
    }
  }

  const terms = program((x: Tensor, d: PinnData) => pinnTerms(setup, x, d) as never)(vector, data as never) as unknown as Record<
    string,
    NdArray
  >;
  const sizes: Record<string, number> = {
    physics: collocation * dimension,
    boundary: (at.counts.data() as Float64Array).reduce((a, b) => a + b, 0),
    readings: problem.readings.size,
    weights: count,
    prior: 0,
  };
  const displacementAt = program((x: Tensor, p: Tensor, c: Tensor) =>
    networkDisplacement(shape, x, p.sub(c).div(units.length)).mul(units.displacement),
  );
  const nats = Object.fromEntries(Object.entries(terms).map(([name, t]) => [name, { nats: t.item(), count: sizes[name]! }]));
  const { physics } = nats;
  return {
    problem,
    map: materialNow(),
    terms: nats,
    displacement: (points) =>
      displacementAt.runAsync([vector, points instanceof NdArray ? points : array(points, { dtype: "f64" }), centre], run),
    history,
    warnings: [
      ...problem.warnings,
      ...(physics!.nats > physics!.count
        ? [
            `${owner}: equilibrium is not met: its residuals are ${Math.sqrt((2 * physics!.nats) / physics!.count).toPrecision(2)} of their sd on average, where 1 is expected; take more steps or a wider network`,
          ]
        : []),
    ],
    network: { setup, vector, data },
  };
}
