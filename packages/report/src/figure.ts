/** A figure twice: for a desktop page and for a phone, the text of the same size in both. */
export interface Figure {
  /** SVG for a page about 740 px wide. */
  readonly wide: string;
  /** SVG for a phone, 342 px wide; wider where its panels would become too small. */
  readonly narrow: string;
  /** What it shows, in words, for those who cannot see it. */
  readonly description: string;
}
