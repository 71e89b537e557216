/** A zip archive that is damaged, or of a kind that is not read. The message starts with its path. */
export class ZipError extends Error {
  override readonly name = "ZipError";
  readonly code = "ZIP";

  constructor(path: string, fault: string, options?: ErrorOptions) {
    super(`${path}: ${fault}`, options);
  }
}
