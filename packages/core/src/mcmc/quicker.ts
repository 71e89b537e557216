import { defaultThreads, type Program } from "@credence/tensor";

/** Milliseconds of a run below which threads would wait for one another more than they work. */
const worthTrying = 25;

/**
 * `runAsync` of a program, in as many threads as are asked for; else in one, and where a run is long enough also in all, of which the quicker is kept. The
 * results are the same.
 */
export function quicker<A extends readonly unknown[], R>(
  threads: number | undefined,
  make: (threads: number) => Program<A, R>,
): Program<A, R>["runAsync"] {
  const one = make(threads ?? 1);
  const most = defaultThreads();
  if (threads !== undefined || most === 1) return one.runAsync;
  let all: Program<A, R> | undefined;
  let chosen: Program<A, R> | undefined;
  let alone = 0;
  let run = 0;
  return async (args, options) => {
    if (chosen) return chosen.runAsync(args, options);
    // Of either, the first run compiles, and the second one is timed.
    run++;
    const team = run <= 2 ? one : (all ??= make(most));
    const begun = performance.now();
    const out = await team.runAsync(args, options);
    const took = performance.now() - begun;
    if (run === 2) {
      alone = took;
      if (took < worthTrying) chosen = one;
    } else if (run === 4) chosen = took < 0.9 * alone ? team : one;
    return out;
  };
}
