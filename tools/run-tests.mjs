// npm test [-- package ...]: set up what is missing, then every test, or those of the packages named.
import { main, nx, runJob } from "./setup.mjs";

const packages = process.argv.slice(2);

await main({ tests: true }, async () => {
  const ofTools = packages.length === 0 ? await runJob(process.execPath, ["--test", "tools/"]) : 0;
  const chosen = packages.length > 0 ? ["-p", packages.join(",")] : [];
  const ofPackages = await runJob(process.execPath, [nx, "run-many", "-t", "test", ...chosen, "--parallel=1", "--outputStyle=static"]);
  return ofTools || ofPackages;
});
