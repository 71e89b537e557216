/** The simulator could not be used, or gave nothing to learn from. The message holds the simulator's own first error. */
export class SimulationError extends Error {
  override readonly name = "SimulationError";
  readonly code = "ERR_SIMULATION";
}
