import type { OptionValues } from "./measurement.ts";

/** A positive whole number near `value`. */
export const count = (value: number): number => Math.max(1, Math.round(value));

/** A comma-separated option of positive numbers. */
export function numbers(options: OptionValues, name: string): number[] {
  return list(options, name).map((text) => {
    const value = Number(text);
    if (!(value > 0 && Number.isFinite(value)))
      throw new RangeError(`--${name} must be positive numbers with commas between, got "${text}"`);
    return value;
  });
}

/** A comma-separated option of names that are keys of `known`. */
export function words<K extends string>(options: OptionValues, name: string, known: Readonly<Record<K, unknown>>): K[] {
  return list(options, name).map((word) => {
    if (!Object.hasOwn(known, word)) throw new RangeError(`--${name} must be some of ${Object.keys(known).join(", ")}, got "${word}"`);
    return word as K;
  });
}

const list = (options: OptionValues, name: string): string[] =>
  String(options[name] ?? "")
    .split(",")
    .filter((text) => text !== "");
