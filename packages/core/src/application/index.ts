export { derivedSeed } from "./derived-seed.ts";
export { type DonePhase, type PhaseOptions, type PhaseResult, phase } from "./phase.ts";
export { type ProvenanceOptions, provenanceOf } from "./provenance.ts";
export { columnOf, correlation, summarizeDraws } from "./summarize-draws.ts";
