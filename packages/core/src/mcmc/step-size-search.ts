import { any, full, logicalAnd, logicalNot, random, sum, type Tensor, where, whileLoop, zeros } from "@credence/tensor";
import { type Gradient, leapfrog } from "./leapfrog.ts";
import { force, type Metric } from "./metric.ts";

/** Doublings and halvings in all: a factor of 10^18 either way. */
const tries = 60;

/**
 * A step size for every chain at which one leapfrog step changes H by about log 0.8: doubled or halved from a guess, with a new momentum each time,
 * until the change crosses it (Hoffman and Gelman 2014, algorithm 4, as in Stan).
 * @param position [n, D]
 * @param guess [n]
 * @returns [n]; still a guess where `tries` did not do
 */
export function searchStepSize(gradient: Gradient, key: Tensor, position: Tensor, metric: Metric, guess: Tensor): Tensor {
  const [n, dimension] = position.shape as [number, number];
  const at = gradient(position);
  const pull = force(metric, at.gradient);
  /** Whether a step of this size loses less than log(1 / 0.8). */
  const easy = (stepSize: Tensor, number: Tensor): Tensor => {
    const momentum = random.normal(random.fold(key, number), [n, dimension], { dtype: "f64" });
    const next = leapfrog(gradient, metric, { position, momentum, force: pull }, stepSize);
    const kinetic = (p: Tensor): Tensor => sum(p.mul(p), -1).mul(0.5);
    const gain = kinetic(momentum).sub(at.logDensity).sub(kinetic(next.momentum).sub(next.logDensity));
    return gain.greater(Math.log(0.8)); // false for NaN
  };
  type Search = { readonly stepSize: Tensor; readonly grows: Tensor; readonly running: Tensor; readonly number: Tensor };
  const end = whileLoop(
    (s: Search) => any(s.running),
    (s: Search): Search => {
      const first = s.number.equal(0);
      const well = easy(s.stepSize, s.number);
      const grows = where(first, well, s.grows);
      const running = logicalAnd(s.running, well.equal(grows));
      const factor = where(running, where(grows, full([n], 2, "f64"), 0.5), 1);
      return { stepSize: s.stepSize.mul(factor), grows, running, number: s.number.add(1) };
    },
    { stepSize: guess, grows: zeros([n], "bool"), running: logicalNot(zeros([n], "bool")), number: zeros([], "i32") },
    { maxIterations: tries },
  );
  return end.stepSize;
}
