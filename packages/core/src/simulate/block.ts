/** Rows [start, start + rows) of a simulation, on the host. */
export interface Block {
  readonly theta: Float32Array | Float64Array;
  readonly x: Float32Array | Float64Array;
  /** Shape of one row of x. */
  readonly rowShape: readonly number[];
  readonly failures: readonly Failure[];
}

export interface Failure {
  readonly row: number;
  readonly message: string;
}

/** Gives the block of rows [start, start + rows). A pure function of its arguments. */
export type BlockSource = (start: number, rows: number, signal?: AbortSignal) => Promise<Block>;
