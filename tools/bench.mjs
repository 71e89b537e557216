// npm run bench -- NAME [--out FILE] [options]: set up what is missing, build the benchmarks, run one.
import { join } from "node:path";
import { main, root, runJob } from "./process.mjs";
import { setUp } from "./setup.mjs";

await main(async () => {
  await setUp();
  const built = await runJob(process.execPath, [join(root, "node_modules/typescript/bin/tsc"), "-b", "benchmarks"]);
  return built || runJob(process.execPath, [join(root, "benchmarks/dist/main.js"), ...process.argv.slice(2)]);
});
