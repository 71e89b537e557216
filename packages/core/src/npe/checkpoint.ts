import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { writeAtomically } from "../file/atomic.ts";
import { FileFormatError } from "../file/errors.ts";
import { fromNamed, toNamed } from "../file/named-arrays.ts";
import { decodeSafetensors, encodeSafetensors } from "../file/safetensors.ts";
import type { TrainingArrays } from "./epoch.ts";
import type { MemberState } from "./member.ts";

const version = "1";

/** Keeps every network's state between epochs, so that training that was stopped goes on and ends with the same bits. */
export interface Checkpoint {
  read(member: number, template: TrainingArrays): Promise<MemberState | undefined>;
  write(member: number, state: MemberState): Promise<void>;
}

/** `identity` fixes data, model and options: a directory holds one training, and refuses another. */
export function checkpointIn(directory: string, identity: string, device?: string): Checkpoint {
  const pathOf = (member: number) => join(directory, `member-${member}.safetensors`);
  return {
    async read(member, template) {
      const path = pathOf(member);
      let bytes: Uint8Array;
      try {
        bytes = await readFile(path);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
        throw error;
      }
      const { arrays, metadata } = decodeSafetensors(bytes, path);
      if (metadata["version"] !== version) {
        throw new FileFormatError(path, `it is a checkpoint of version ${metadata["version"]}, this release reads version ${version}`);
      }
      if (metadata["identity"] !== identity) {
        throw new RangeError(`${path} belongs to a training with other data, seed or options: give another directory, or remove that one`);
      }
      return {
        state: fromNamed(template, arrays, "state", path, device),
        best: fromNamed(template, arrays, "best", path, device),
        ...(JSON.parse(metadata["record"]!) as Pick<MemberState, "trainingLogProb" | "validationLogProb">),
      };
    },
    async write(member, { state, best, trainingLogProb, validationLogProb }) {
      const arrays = { ...toNamed(state, "state"), ...toNamed(best, "best") };
      const record = JSON.stringify({ trainingLogProb, validationLogProb });
      await writeAtomically(pathOf(member), encodeSafetensors(arrays, { version, identity, record }));
    },
  };
}
