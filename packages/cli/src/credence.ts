import { createRequire } from "node:module";
import type { Application } from "@credence/core";
import { DatasetError } from "@credence/data";
import { Command, CommanderError } from "commander";
import type { Console } from "./console.ts";
import { dataCommand } from "./data-command.ts";
import { devicesCommand } from "./devices-command.ts";
import { exitCode, Interrupted } from "./exit.ts";
import { reproduceCommand } from "./reproduce-command.ts";
import { UsageError } from "./usage-error.ts";

const { version } = createRequire(import.meta.url)("../package.json") as { version: string };

// Arguments are parsed by commander 14: it admits Node 20 (15 does not), has no dependencies, and brings subcommands, generated
// help and "did you mean", all of which node:util parseArgs would leave to us.

/** The command tree: every application both by its name and under `reproduce`, then `data` and `devices`. */
function commandTree(applications: readonly Application[], io: Console): Command {
  const program = new Command("credence")
    .description("From a scientific model to a posterior.")
    .usage("[reproduce] <application> [options]")
    .version(version, "--version")
    .helpOption("--help", "what there is, or what a command takes: credence <command> --help")
    .helpCommand(false)
    .addHelpText("after", "\nWithout arguments: credence birth-death. Exit codes: 0 done, 1 failed, 2 usage, 130 stopped by Ctrl-C.");
  const reproduce = new Command("reproduce").description("run an application end to end and leave its report").helpCommand(false);
  for (const application of applications) {
    program.addCommand(reproduceCommand(application, io));
    reproduce.addCommand(reproduceCommand(application, io));
  }
  program.addCommand(reproduce);
  program.addCommand(dataCommand(io).helpCommand(false));
  program.addCommand(devicesCommand(io));
  settle(program, io);
  return program;
}

/** Every command of the tree throws instead of ending the process, and writes where it is told. */
function settle(command: Command, io: Console): void {
  command.exitOverride().configureOutput({ writeOut: (text) => io.stdout.write(text), writeErr: () => {} });
  for (const child of command.commands) settle(child, io);
}

/** Options without an application are the first application's: `credence --quick` is `credence birth-death --quick`. */
function withDefault(args: readonly string[], applications: readonly Application[]): string[] {
  const [first] = args;
  const named = first !== undefined && (!first.startsWith("-") || first === "--help" || first === "--version");
  return named ? [...args] : [applications[0]!.name, ...args];
}

function unknownCommand(args: readonly string[], applications: readonly Application[]): UsageError {
  const given = args[0] === "reproduce" ? (args[1] ?? "") : (args[0] ?? "");
  const known = applications.map(({ name }) => name).join(", ");
  return new UsageError(`unknown application or command "${given}"; applications: ${known}; commands: reproduce, data, devices`);
}

/** Says on stderr what went wrong and what to do, and gives the exit code. */
function report(error: unknown, { stderr }: Console): number {
  if (error instanceof Interrupted) {
    stderr.write(`${error.message}; what was done is kept: the same command again resumes\n`);
    return error.signal === "SIGINT" ? exitCode.interrupted : exitCode.terminated;
  }
  const fault = error instanceof Error ? error : new Error(String(error));
  const code = (fault as { code?: unknown }).code;
  stderr.write(`credence: ${fault.message}${typeof code === "string" ? ` [${code}]` : ""}\n`);
  if (process.env.CREDENCE_DEBUG === "1") stderr.write(`${fault.stack}\n`);
  else if (typeof code !== "string") stderr.write("CREDENCE_DEBUG=1 shows where this came from\n");
  const usage = fault instanceof UsageError || (fault instanceof DatasetError && fault.code === "DATASET_UNKNOWN");
  return usage ? exitCode.usage : exitCode.failure;
}

/**
 * Runs one command line.
 *
 * @param args what stands after the program's name.
 * @param applications the first is the default.
 * @returns the exit code.
 */
export async function credence(args: readonly string[], applications: readonly Application[], io: Console): Promise<number> {
  try {
    await commandTree(applications, io).parseAsync(withDefault(args, applications), { from: "user" });
    return exitCode.ok;
  } catch (error) {
    if (!(error instanceof CommanderError)) return report(error, io);
    // Help and version have been written; everything else that commander throws is a mistake in the typing.
    if (error.exitCode === 0) return exitCode.ok;
    if (error.code === "commander.help") return report(new UsageError("a command is missing; credence --help lists them"), io);
    if (error.code === "commander.unknownCommand") return report(unknownCommand(args, applications), io);
    const fault = error.message
      .replace(/^error: /, "")
      .replace(/\s*\n\s*/g, " ")
      .replace(/\.$/, "");
    return report(new UsageError(`${fault}; --help after a command says what it takes`), io);
  }
}
