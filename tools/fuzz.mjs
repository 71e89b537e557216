// npm run fuzz [-- --seconds 60] [--seed N]   damages the plans of the corpus and runs them under the sanitizers
// npm run fuzz -- --replay FILE              runs one plan, as a finding is looked at
// npm run fuzz -- --corpus                   writes the corpus anew, after an op is added
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { main, root, runJob, SetupError } from "./process.mjs";
import { build, variables } from "./sanitized.mjs";
import { setUp } from "./setup.mjs";

const values = (() => {
  try {
    return parseArgs({
      options: {
        seconds: { type: "string", default: "60" },
        seed: { type: "string" },
        replay: { type: "string" },
        corpus: { type: "boolean" },
      },
    }).values;
  } catch (error) {
    console.error(`${error.message}\nnpm run fuzz -- [--seconds 60] [--seed N] [--replay FILE] [--corpus]`);
    process.exit(2);
  }
})();

function positive(name, text) {
  const value = Number(text);
  if (!(value > 0 && Number.isFinite(value))) throw new SetupError(`--${name} must be a positive number, got "${text}"`);
  return value;
}

/** Keeps the plan that was under test when the fuzzer ended: iteration (two words), number of words, 0, words. */
function save(stateFile, folder, seed) {
  const state = readFileSync(stateFile);
  const iteration = state.readBigUInt64LE(0);
  const file = join(folder, `finding-${seed}-${iteration}.plan`);
  writeFileSync(file, state.subarray(16, 16 + 4 * state.readUInt32LE(8)));
  return `Seed ${seed}, iteration ${iteration}. The plan is kept:\n  npm run fuzz -- --replay ${file}`;
}

await main(async () => {
  if (values.corpus) {
    await setUp();
    return runJob(process.execPath, [join(root, "tools", "fuzz-corpus.mjs")]);
  }
  const seconds = positive("seconds", values.seconds);
  const seed = Math.floor(values.seed === undefined ? Date.now() / 1000 : positive("seed", values.seed));
  const folder = await build("address", "credence_fuzz");
  const program = join(folder, "credence_fuzz");
  if (values.replay) return runJob(program, ["replay", resolve(values.replay)], variables);

  const findings = join(folder, "findings");
  mkdirSync(findings, { recursive: true });
  const state = join(findings, `state-${process.pid}`);
  console.log(`Seed ${seed}, ${seconds} s`);
  const corpus = join(root, "native", "test", "corpus");
  const code = await runJob(program, ["run", corpus, String(seconds), String(seed), state], variables);
  if (code !== 0) console.error(`\nThe fuzzer ended with exit code ${code}. ${save(state, findings, seed)}`);
  rmSync(state);
  return code;
});
