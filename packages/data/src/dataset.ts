/** One file of a data set, in the layout that `CREDENCE_DATA` and the cache share. */
export interface DataFile {
  /** Relative to the data folder, with forward slashes: `birth-death/whooping_crane.csv`. */
  readonly path: string;
  /** SHA-256 of the bytes, lower-case hexadecimal. */
  readonly sha256: string;
  /** Where the origin serves exactly these bytes; left out where it does not. */
  readonly url?: string;
  /** How to make these bytes out of what the origin does serve; required where there is no `url`. */
  readonly layout?: string;
}

/** What the registry says about a data set. */
export interface Dataset {
  /** As typed on the command line. */
  readonly name: string;
  readonly title: string;
  /** What it holds: quantity, place, years, columns. */
  readonly holds: string;
  /** Page of the origin, for people. */
  readonly origin: string;
  readonly licence: string;
  /** Citation of who counted or published it. */
  readonly source: string;
  readonly files: readonly DataFile[];
  /** What it is read as: by `readCensus`, `readDataTable` or `readRecord`. */
  readonly reader: "census" | "table" | "record";
}
