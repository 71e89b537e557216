// npm start -- [application] [options]: set up what is missing, then the `credence` command.
import { join } from "node:path";
import { main, root, runJob } from "./process.mjs";
import { setUp } from "./setup.mjs";

const args = process.argv.slice(2);

await main(async () => {
  await setUp();
  return runJob(process.execPath, [join(root, "packages/cli/dist/main.js"), ...(args.length > 0 ? args : ["birth-death"])]);
});
