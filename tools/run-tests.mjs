// npm test [-- package ...]: set up what is missing, then every test, or those of the packages named.
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { main, nx, root, runJob } from "./process.mjs";
import { setUp } from "./setup.mjs";

const packages = process.argv.slice(2);
const testsOfTools = readdirSync(join(root, "tools")).flatMap((name) => (name.endsWith(".test.mjs") ? [join("tools", name)] : []));

await main(async () => {
  await setUp({ tests: true });
  const ofTools = packages.length === 0 ? await runJob(process.execPath, ["--test", "--test-reporter=spec", ...testsOfTools]) : 0;
  const chosen = packages.length > 0 ? ["-p", packages.join(",")] : [];
  const ofPackages = await runJob(process.execPath, [nx, "run-many", "-t", "test", ...chosen, "--parallel=1", "--outputStyle=static"]);
  return ofTools || ofPackages;
});
