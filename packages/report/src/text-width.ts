/** Widths of characters in em, as in Helvetica and the system fonts that stand in for it; what is not listed is 0.58. */
const widths: readonly (readonly [RegExp, number])[] = [
  [/[iljt.,:;'|!()[\] fI]/u, 0.31],
  [/[rs\-/]/u, 0.44],
  [/[mwMW%@—]/u, 0.88],
  [/[A-Z]/u, 0.7],
];

/** Width of a line of text in pixels, to a tenth or so: there is no font to ask outside a browser. */
export function textWidth(text: string, fontSize: number): number {
  return [...text].reduce((sum, character) => sum + (widths.find(([pattern]) => pattern.test(character))?.[1] ?? 0.58), 0) * fontSize;
}
