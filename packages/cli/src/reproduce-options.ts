import { existsSync } from "node:fs";
import { basename, join } from "node:path";
import type { Application, ApplicationOptions, OptionSpec, OptionValue } from "@credence/core";
import { Option } from "commander";
import { UsageError } from "./usage-error.ts";

const seedEnd = 2 ** 32;

function integer(flag: string, text: string, low: number, end: number): number {
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= low && value < end)) {
    throw new UsageError(
      `${flag} must be an integer from ${low} up to ${end === Number.MAX_SAFE_INTEGER ? "9e15" : end - 1}, got "${text}"`,
    );
  }
  return value;
}

/** `--time-column` of `timeColumn` */
const flagOf = ({ name }: OptionSpec): string => `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;

function ownOption(spec: OptionSpec): Option {
  const flag = flagOf(spec);
  const option = new Option(spec.type === "boolean" ? flag : `${flag} <${spec.type === "number" ? "number" : "text"}>`, spec.description);
  if (spec.default !== undefined) option.default(spec.default);
  option.argParser((text: string): OptionValue => {
    if (spec.type === "number") {
      const value = text.trim() === "" ? Number.NaN : Number(text);
      if (!Number.isFinite(value)) throw new UsageError(`${flag} must be a number, got "${text}"`);
      return value;
    }
    if (spec.choices !== undefined && !spec.choices.includes(text)) {
      throw new UsageError(`${flag} must be one of ${spec.choices.join(", ")}, got "${text}"`);
    }
    return text;
  });
  return option;
}

/** A file of the user's rather than a name of the registry. */
const isPath = (dataset: string): boolean => /[/\\]/.test(dataset) || dataset.endsWith(".csv");

function checkDataset({ name, datasets, userFiles }: Application, dataset: string): string {
  if (datasets.some((choice) => choice.name === dataset)) return dataset;
  const known = `${name} knows ${datasets.map((choice) => choice.name).join(", ")}`;
  if (!isPath(dataset)) {
    throw new UsageError(
      `unknown data set "${dataset}"; ${known}${userFiles === undefined ? "" : `, or the path of a file with ${userFiles}`}`,
    );
  }
  if (userFiles === undefined) throw new UsageError(`${name} reads no files of yours, got --dataset ${dataset}; ${known}`);
  if (!existsSync(dataset)) throw new UsageError(`--dataset: there is no file ${dataset}`);
  return dataset;
}

/** Where results go unless `--out` says: a folder of its own for each application, data set and effort. */
function defaultOut(application: string, dataset: string, quick: boolean): string {
  return join("runs", `${application}-${basename(dataset).replace(/\.[^.]+$/, "")}${quick ? "-quick" : ""}`);
}

/** What commander leaves: texts of the options that all applications take, and the application's own, parsed. */
type Parsed = Readonly<Record<string, OptionValue | undefined>>;

/** The options of an application for the command line. */
export function reproduceOptions(application: Application): Option[] {
  return [
    new Option(
      "--dataset <name>",
      `one of ${application.datasets.map(({ name }) => name).join(", ")}${application.userFiles === undefined ? "" : ", or a file"}`,
    ).default(application.datasets[0]!.name, application.datasets[0]!.name),
    new Option("--device <name>", "cpu, or cuda:0, cuda:1, ... (see credence devices)").default("cpu", "cpu"),
    new Option("--seed <integer>", "fixes every random number").default("1", "1"),
    new Option("--simulations <integer>", "how many simulations, or draws of each method; the application's own choice unless given"),
    new Option("--out <folder>", "where results go; a folder under runs/ unless given"),
    new Option("--quick", "a run of minutes that shows the way"),
    ...application.options.map(ownOption),
  ];
}

/**
 * Checked options of a run.
 *
 * @throws {UsageError} with what was given and what is expected.
 */
export function checkedOptions(application: Application, parsed: Parsed): ApplicationOptions {
  const dataset = checkDataset(application, String(parsed.dataset));
  const device = String(parsed.device);
  if (!/^(cpu|cuda:\d+)$/.test(device)) throw new UsageError(`--device must be cpu or cuda:N, got "${device}"`);
  const quick = parsed.quick === true;
  const simulations =
    parsed.simulations === undefined ? undefined : integer("--simulations", String(parsed.simulations), 1, Number.MAX_SAFE_INTEGER);
  return {
    dataset,
    device,
    seed: integer("--seed", String(parsed.seed), 0, seedEnd),
    ...(simulations === undefined ? {} : { simulations }),
    out: parsed.out === undefined ? defaultOut(application.name, dataset, quick) : String(parsed.out),
    quick,
    own: Object.fromEntries(application.options.map(({ name }) => [name, parsed[name]])),
  };
}
