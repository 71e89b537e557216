import { addDataset, type Dataset, DatasetError, datasets, findDataset, getDataset, locateDataset } from "@credence/data";
import { Command } from "commander";
import type { Console } from "./console.ts";
import { interruptionSignal } from "./interruption.ts";
import { textTable } from "./text-table.ts";

async function stateOf(dataset: Dataset): Promise<string> {
  try {
    await locateDataset(dataset);
    return "here";
  } catch (error) {
    if (!(error instanceof DatasetError)) throw error;
    if (error.code === "DATASET_CHECKSUM") return "damaged";
    if (error.code === "DATASET_MISSING")
      return dataset.files.every((file) => file.url !== undefined) ? "credence data get" : "credence data add";
    throw error;
  }
}

/** `credence data list|get|add`: data sets of the registry and where they lie. */
export function dataCommand({ stdout }: Console): Command {
  const command = new Command("data").description("data sets: what there are, fetch one, import a file");

  command
    .command("list")
    .description("the registry, with what is here and how to get the rest")
    .action(async () => {
      const rows = await Promise.all(
        datasets.map(async (dataset) => [dataset.name, await stateOf(dataset), dataset.title, dataset.licence]),
      );
      stdout.write(`${textTable([["name", "state", "title", "licence"], ...rows])}\n`);
    });

  command
    .command("get")
    .argument("<name>")
    .description("verify the files of a data set, or download them where the origin serves them")
    .action(async (name: string) => {
      const { signal, stop } = interruptionSignal();
      try {
        for (const path of await getDataset(findDataset(name), { signal })) stdout.write(`${path}\n`);
      } finally {
        stop();
      }
    });

  command
    .command("add")
    .argument("<name>")
    .argument("<file>")
    .description("check a file of yours against the registry's checksum and import it to the cache")
    .action(async (name: string, file: string) => {
      stdout.write(`${await addDataset(findDataset(name), file)}\n`);
    });

  return command;
}
