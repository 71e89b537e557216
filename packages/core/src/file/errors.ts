/** A file that is corrupt, cut short, or of a format or version that this release does not read. Delete or replace the file. */
export class FileFormatError extends Error {
  override readonly name = "FileFormatError";
  readonly code = "ERR_FILE_FORMAT";
  readonly file: string;

  constructor(file: string, problem: string, options?: ErrorOptions) {
    super(`${file}: ${problem}`, options);
    this.file = file;
  }
}
