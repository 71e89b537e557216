/** A stretch of the warm-up; the metric is estimated anew from its draws if `metric` holds. */
export interface Window {
  readonly transitions: number;
  readonly metric: boolean;
}

/**
 * Stan's schedule (Stan Reference Manual, section "Automatic parameter tuning"): 75 transitions to find the typical set, windows of 25, 50, 100, ...
 * for the metric, the last one as long as what is left, and 50 for the step size. Shorter warm-ups are cut 15 : 75 : 10; below 20, step size only.
 */
export function warmupWindows(warmup: number): Window[] {
  if (warmup === 0) return [];
  if (warmup < 20) return [{ transitions: warmup, metric: false }];
  const enough = 75 + 25 + 50 <= warmup;
  const start = enough ? 75 : Math.floor(0.15 * warmup);
  const end = enough ? 50 : Math.floor(0.1 * warmup);
  const windows: Window[] = [{ transitions: start, metric: false }];
  let left = warmup - start - end;
  for (let size = enough ? 25 : left; left > 0; size *= 2) {
    const transitions = left - size < 2 * size ? left : size;
    windows.push({ transitions, metric: true });
    left -= transitions;
  }
  return [...windows, { transitions: end, metric: false }].filter((window) => window.transitions > 0);
}
