/** Training came to nothing: every member's loss was not finite. The message says what to change. */
export class TrainingError extends Error {
  override readonly name = "TrainingError";
  readonly code = "ERR_TRAINING";
}
