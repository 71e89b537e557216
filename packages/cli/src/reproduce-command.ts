import { access, constants, mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Application } from "@credence/core";
import { checkDevice } from "@credence/tensor";
import { Command } from "commander";
import type { Console } from "./console.ts";
import { describeSummary } from "./describe-summary.ts";
import { interruptionSignal } from "./interruption.ts";
import { progressReporter } from "./progress.ts";
import { checkedOptions, reproduceOptions } from "./reproduce-options.ts";
import { UsageError } from "./usage-error.ts";

/** Hours of work must not end at a folder that was never writable. */
async function prepareFolder(out: string): Promise<void> {
  try {
    await mkdir(out, { recursive: true });
    await access(out, constants.W_OK);
  } catch (error) {
    throw new UsageError(`--out ${out} is no folder that can be written to (${(error as NodeJS.ErrnoException).code}); name another`, {
      cause: error,
    });
  }
}

/** `credence <application>`: runs it with progress on stderr, and tells on stdout what it found. */
export function reproduceCommand(application: Application, { stdout, stderr }: Console): Command {
  const command = new Command(application.name).description(application.title);
  for (const option of reproduceOptions(application)) command.addOption(option);
  if (application.userFiles !== undefined) command.addHelpText("after", `\nA file of yours needs ${application.userFiles}.`);
  return command.action(async (parsed) => {
    const options = checkedOptions(application, parsed);
    checkDevice(options.device);
    await prepareFolder(options.out);
    const interruption = interruptionSignal();
    const reporter = progressReporter(stderr);
    try {
      const { signal } = interruption;
      const summary = await application.reproduce(options, { signal, progress: reporter.progress, log: reporter.log });
      reporter.close();
      stdout.write(`\n${describeSummary(summary)}\n\nreport: ${join(options.out, "report.html")}\n`);
    } catch (error) {
      reporter.close();
      // However the abort came out of the layers below, it was the user who asked for it.
      throw interruption.signal.aborted ? interruption.signal.reason : error;
    } finally {
      interruption.stop();
    }
  });
}
