import { axisLabel, type Parameter } from "./samples.ts";
import { textWidth } from "./text-width.ts";

/** Breaks text at spaces into lines no wider than `width`; a word that is wider stands alone. */
export function wrap(text: string, width: number, fontSize: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const line = lines.at(-1);
    if (line !== undefined && textWidth(`${line} ${word}`, fontSize) <= width) lines[lines.length - 1] = `${line} ${word}`;
    else lines.push(word);
  }
  return lines;
}

/** An axis label in as few lines as fit, with its unit on a line of its own where it does not fit on one. */
export function labelLines(parameter: Parameter, width: number, fontSize: number): string[] {
  const whole = axisLabel(parameter);
  if (textWidth(whole, fontSize) <= width || !parameter.unit) return wrap(whole, width, fontSize);
  return [...wrap(parameter.name, width, fontSize), `(${parameter.unit})`];
}
