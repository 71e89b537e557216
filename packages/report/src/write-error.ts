export type WriteErrorCode = "WRITE_DISK_FULL" | "WRITE_DENIED" | "WRITE_FAILED";

const faults: Readonly<Record<string, readonly [WriteErrorCode, string]>> = {
  ENOSPC: ["WRITE_DISK_FULL", "the disk is full; free space, or choose another folder"],
  EDQUOT: ["WRITE_DISK_FULL", "the disk quota is used up; free space, or choose another folder"],
  EACCES: ["WRITE_DENIED", "permission denied; choose a folder that you may write to"],
  EPERM: ["WRITE_DENIED", "permission denied; choose a folder that you may write to"],
  EROFS: ["WRITE_DENIED", "the file system is read-only; choose another folder"],
  // mkdir says EEXIST where a file stands in a folder's place.
  EEXIST: ["WRITE_FAILED", "a part of its path is a file, not a folder; choose another folder"],
  ENOTDIR: ["WRITE_FAILED", "a part of its path is a file, not a folder; choose another folder"],
  EISDIR: ["WRITE_FAILED", "a folder of that name is in the way; remove it, or choose another name"],
};

/** A result that could not be written. What stood at the path before is untouched. */
export class WriteError extends Error {
  override readonly name = "WriteError";
  readonly code: WriteErrorCode;
  readonly path: string;

  constructor(path: string, cause: NodeJS.ErrnoException) {
    const [code, fault] = faults[cause.code ?? ""] ?? ["WRITE_FAILED", cause.message];
    super(`cannot write ${path}: ${fault}`, { cause });
    this.code = code;
    this.path = path;
  }
}
