import BenchmarkJs from "benchmark";
import { type Seconds, spread } from "./measurement.ts";

/**
 * Seconds per unit of work of a call, by Benchmark.js: it warms up, chooses how many calls fill one sample of at least 50 ms,
 * and samples for about `seconds`, five samples at least.
 *
 * @param unitsPerCall how many units (steps, draws) one call does
 */
export async function time(call: () => unknown, { seconds = 3, unitsPerCall = 1 } = {}): Promise<Seconds> {
  const first = call();
  const defer = first instanceof Promise; // Benchmark.js nests deferred calls, so one that does not wait must not be one
  await first;
  return new Promise((resolve, reject) => {
    const wait = (deferred: { resolve(): void }): void => void (call() as Promise<unknown>).then(() => deferred.resolve(), reject);
    const bench = new BenchmarkJs({ defer, fn: defer ? wait : call, maxTime: seconds, minSamples: 5 });
    bench.on("complete", () => (bench.error ? reject(bench.error) : resolve(spread(bench.stats.sample.map((t) => t / unitsPerCall)))));
    bench.run({ async: true });
  });
}
