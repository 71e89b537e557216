export { type Engineering, effectiveLambda, engineeringOf, type Lame, lameOf, type Setting } from "./material.ts";
