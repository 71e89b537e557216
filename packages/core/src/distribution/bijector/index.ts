export { type Bijector, invert } from "./bijector.ts";
export { compose, independentBijector } from "./compose.ts";
export { affineBijector, expBijector, identityBijector, logBijector, softplusBijector } from "./elementary.ts";
export { logitBijector } from "./logit.ts";
export { toUnconstrained } from "./to-unconstrained.ts";
