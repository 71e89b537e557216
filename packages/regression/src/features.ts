/** Columns of numbers by name, all of one length. */
export type Columns = Readonly<Record<string, ArrayLike<number>>>;

export interface FeaturesOptions {
  /** How a message calls row i; `row 0`, `row 1`, ... unless given. */
  readonly rowName?: (row: number) => string;
  /** Subtract each column's mean and divide by its standard deviation (n in the denominator); true unless given. */
  readonly standardise?: boolean;
}

/** Features of a regression, ready for a model. */
export interface Features {
  /** D names. */
  readonly names: readonly string[];
  readonly rows: number;
  /** f64 [rows, D], row-major, standardised unless asked otherwise. */
  readonly x: Float64Array;
  /** What was subtracted and divided by, D each: a coefficient b of x is b / scale in the units of the column. */
  readonly centre: Float64Array;
  readonly scale: Float64Array;
}

/**
 * Columns as the features of a regression. A prior on coefficients means the same for every feature once they have one scale, and an intercept
 * is the outcome of an average row once they have mean 0.
 *
 * @throws {TypeError} where a column is no list of numbers.
 * @throws {RangeError} for no columns, lengths that differ, a missing value (with its column and row), and a column that is the same in every row.
 */
export function featuresOf(columns: Columns, options: FeaturesOptions = {}): Features {
  const { standardise = true } = options;
  const names = Object.keys(columns);
  if (names.length === 0) throw new RangeError("features: expected at least one column, got none");
  const rows = lengthOf(columns);
  requireComplete("features", columns, options);
  const moments = names.map((name) => momentsOf(columns[name]!));
  const constant = names.filter((_, d) => moments[d]!.sd <= 1e-12 * Math.abs(moments[d]!.mean));
  if (constant.length > 0) {
    const [name] = constant as [string];
    throw new RangeError(
      `features: ${constant.join(", ")} ${constant.length === 1 ? "is" : "are"} the same in every row (${columns[name]![0]}): ` +
        "no coefficient can be told from the intercept; leave such columns out",
    );
  }
  const centre = Float64Array.from(moments, ({ mean }) => (standardise ? mean : 0));
  const scale = Float64Array.from(moments, ({ sd }) => (standardise ? sd : 1));
  const x = new Float64Array(rows * names.length);
  names.forEach((name, d) => {
    for (let i = 0; i < rows; i++) x[i * names.length + d] = (columns[name]![i]! - centre[d]!) / scale[d]!;
  });
  return { names, rows, x, centre, scale };
}

/**
 * The common length of columns.
 *
 * @throws {TypeError} where a column is no list; {RangeError} where lengths differ or are 0.
 */
export function lengthOf(columns: Columns): number {
  const entries = Object.entries(columns);
  for (const [name, values] of entries) {
    if (typeof values !== "object" || values === null || typeof values.length !== "number") {
      throw new TypeError(`${name} must be a list of numbers, got ${values === null ? "null" : typeof values}`);
    }
  }
  const [first, ...others] = entries;
  const rows = first![1].length;
  if (rows === 0) throw new RangeError(`${first![0]} has no rows`);
  const other = others.find(([, values]) => values.length !== rows);
  if (other !== undefined)
    throw new RangeError(`${first![0]} has ${rows} rows and ${other[0]} has ${other[1].length}; all columns must be as long`);
  return rows;
}

/**
 * Refuses a missing value, and whatever is no finite number.
 *
 * @throws {RangeError} with the column and the row.
 */
export function requireComplete(owner: string, columns: Columns, { rowName = (row) => `row ${row}` }: FeaturesOptions = {}): void {
  for (const [name, values] of Object.entries(columns)) {
    const bad = Array.from(values, (value, row) => (Number.isFinite(value) ? -1 : row)).filter((row) => row >= 0);
    if (bad.length === 0) continue;
    const [row] = bad as [number];
    const more = bad.length === 1 ? "" : ` (and in ${bad.length - 1} more rows)`;
    throw new RangeError(
      `${owner}: column ${name} is ${Number.isNaN(values[row]) ? "missing" : values[row]} in ${rowName(row)}${more}; ` +
        "leave such rows out (completeRows does), or fill the values in",
    );
  }
}

/** Rows in which no column is missing, with the indices of those that were left out. */
export function completeRows(columns: Columns): { readonly columns: Record<string, Float64Array>; readonly dropped: readonly number[] } {
  const rows = Array.from({ length: lengthOf(columns) }, (_, row) => row);
  const complete = (row: number): boolean => Object.values(columns).every((values) => Number.isFinite(values[row]));
  const kept = rows.filter(complete);
  return {
    columns: Object.fromEntries(Object.entries(columns).map(([name, values]) => [name, Float64Array.from(kept, (row) => values[row]!)])),
    dropped: rows.filter((row) => !complete(row)),
  };
}

/** Mean and standard deviation, n in the denominator. */
export function momentsOf(values: ArrayLike<number>): { readonly mean: number; readonly sd: number } {
  const n = values.length;
  let total = 0;
  for (let i = 0; i < n; i++) total += values[i]!;
  const mean = total / n;
  let squares = 0;
  for (let i = 0; i < n; i++) squares += (values[i]! - mean) ** 2;
  return { mean, sd: Math.sqrt(squares / n) };
}
