// npm run sanitize -- address|thread [GoogleTest options]: the native tests under the address and undefined behaviour sanitizers, all
// of them; or under the thread sanitizer, those in which threads share something.
import { join } from "node:path";
import { main, runJob, SetupError } from "./process.mjs";
import { build, kinds, variables } from "./sanitized.mjs";

const [kind, ...args] = process.argv.slice(2);
const ofThreads = "Team.*:Loop.*:Cond.*:Run.*:*Thread*:*Parts*:Corpus.RunsOnEveryInstructionSet";

await main(async () => {
  if (!kinds.includes(kind)) throw new SetupError(`npm run sanitize -- ${kinds.join("|")} [GoogleTest options], got ${kind ?? "nothing"}`);
  const folder = await build(kind, "credence_test");
  const filter = kind === "thread" ? [`--gtest_filter=${ofThreads}`] : [];
  return runJob(join(folder, "credence_test"), ["--gtest_brief=1", ...filter, ...args], variables);
});
