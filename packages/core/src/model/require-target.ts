/** Refuses what is no target, and options that are not there: the first thing that goes wrong in JavaScript. */
export function requireTarget(owner: string, target: unknown, options: unknown, needed = "seed"): void {
  const got = (value: unknown): string => (value === null ? "null" : Array.isArray(value) ? "an array" : typeof value);
  if (typeof target !== "object" || target === null || typeof (target as { logDensity?: unknown }).logDensity !== "function")
    throw new TypeError(`${owner}: expected a target, such as model(...) or densityTarget(...) give, got ${got(target)}`);
  if (typeof options !== "object" || options === null)
    throw new TypeError(`${owner}: expected options, { ${needed} } at least, got ${got(options)}`);
}
