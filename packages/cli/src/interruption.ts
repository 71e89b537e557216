import { exitCode, Interrupted } from "./exit.ts";

/** An abort signal that fires on Ctrl-C and on SIGTERM. The second of them ends the process at once. */
export function interruptionSignal(): { readonly signal: AbortSignal; stop(): void } {
  const controller = new AbortController();
  const listen = (signal: "SIGINT" | "SIGTERM") => (): void => {
    if (controller.signal.aborted) process.exit(signal === "SIGINT" ? exitCode.interrupted : exitCode.terminated);
    controller.abort(new Interrupted(signal));
  };
  const onInterrupt = listen("SIGINT");
  const onTerminate = listen("SIGTERM");
  process.on("SIGINT", onInterrupt);
  process.on("SIGTERM", onTerminate);
  return {
    signal: controller.signal,
    stop() {
      process.off("SIGINT", onInterrupt);
      process.off("SIGTERM", onTerminate);
    },
  };
}
