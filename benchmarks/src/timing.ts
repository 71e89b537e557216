import BenchmarkJs from "benchmark";
import { type Seconds, spread } from "./measurement.ts";

/**
 * Seconds per unit of work of a call, by Benchmark.js: it warms up, chooses how many calls fill one sample of at least 50 ms,
 * and samples for about `seconds`, five samples at least.
 *
 * @param unitsPerCall how many units (steps, draws) one call does
 */
export function time(call: () => unknown, { seconds = 3, unitsPerCall = 1 } = {}): Promise<Seconds> {
  const fn = (deferred: { resolve(): void }): void => {
    const result = call();
    if (result instanceof Promise) result.then(() => deferred.resolve(), fail);
    else deferred.resolve();
  };
  let fail: (error: unknown) => void;
  return new Promise((resolve, reject) => {
    fail = reject;
    const bench = new BenchmarkJs({ defer: true, fn, maxTime: seconds, minSamples: 5 });
    bench.on("complete", () => (bench.error ? reject(bench.error) : resolve(spread(bench.stats.sample.map((t) => t / unitsPerCall)))));
    bench.run({ async: true });
  });
}
