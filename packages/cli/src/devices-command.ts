import { type DeviceInfo, devices } from "@credence/tensor";
import { Command } from "commander";
import type { Console } from "./console.ts";
import { textTable } from "./text-table.ts";

function row({ name, description, instructionSet, cores, memoryBytes }: DeviceInfo): string[] {
  const detail = [cores === undefined ? "" : `${cores} cores`, instructionSet ?? ""].filter((text) => text !== "").join(", ");
  return [name, description, detail, `${(memoryBytes / 2 ** 30).toFixed(1)} GiB`];
}

/** `credence devices`: what programs can run on here. */
export function devicesCommand({ stdout }: Console): Command {
  return new Command("devices").description("the processors and graphics cards of this machine").action(() => {
    stdout.write(`${textTable([["name", "device", "detail", "memory"], ...devices().map(row)])}\n`);
  });
}
