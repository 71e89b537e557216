/**
 * Runs `task(i)` for i in [0, count), at most `limit` at a time, in order of start. The first failure, or the signal, stops new tasks;
 * the promise settles after those in flight have.
 */
export async function concurrent(count: number, limit: number, task: (i: number) => Promise<void>, signal?: AbortSignal): Promise<void> {
  let next = 0;
  let failed = false;
  const lane = async (): Promise<void> => {
    while (next < count && !failed) {
      signal?.throwIfAborted();
      try {
        await task(next++);
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  };
  const lanes = await Promise.allSettled(Array.from({ length: Math.min(limit, count) }, lane));
  for (const outcome of lanes) if (outcome.status === "rejected") throw outcome.reason;
}
