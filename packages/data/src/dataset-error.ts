export type DatasetErrorCode =
  | "DATASET_UNKNOWN"
  | "DATASET_MISSING"
  | "DATASET_CHECKSUM"
  | "DATASET_NOT_SERVED"
  | "DATASET_DOWNLOAD"
  | "DATASET_FILE"
  | "DATASET_OPTION";

/** A data set that is not known, not there, or not what the registry says; the message ends with what to do. */
export class DatasetError extends Error {
  override readonly name = "DatasetError";
  readonly code: DatasetErrorCode;

  constructor(code: DatasetErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
