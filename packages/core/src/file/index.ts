export * from "./atomic.ts";
export * from "./errors.ts";
export * from "./safetensors.ts";
