export type CensusErrorCode =
  | "CENSUS_TIME_MISSING"
  | "CENSUS_TIME_ORDER"
  | "CENSUS_COUNT_NEGATIVE"
  | "CENSUS_COUNT_FRACTION"
  | "CENSUS_COUNT_LARGE"
  | "CENSUS_TOO_SHORT"
  | "CENSUS_SAME_COLUMN";

/** Values that are numbers but no census. The message starts with `path:line:` where the fault has a line. */
export class CensusError extends Error {
  override readonly name = "CensusError";
  readonly code: CensusErrorCode;

  constructor(code: CensusErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
