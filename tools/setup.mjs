// Everything between a fresh clone and a built tree: Debian packages, npm packages, native code, TypeScript.
// Runs before anything is installed, so it uses Node's own modules only. Each step looks first and acts only
// when something is missing; with nothing to do the whole takes a few tens of milliseconds.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { cache, nx, phase, root, SetupError, withLock } from "./process.mjs";

const nodeMin = [20, 19];
const tools = [
  { command: "c++", debian: "g++" },
  { command: "cmake", debian: "cmake" },
  { command: "make", debian: "make" },
];
const testLibraries = ["libgtest-dev"];
const stampFile = join(cache, "build.sha256");

/** Makes the tree ready to run; with `tests`, ready to test. Throws SetupError with what to do. */
export async function setUp({ tests = false } = {}) {
  checkNode();
  const steps = [
    { missing: () => missingDebianPackages(tests ? testLibraries : []), mend: installDebianPackages },
    {
      missing: () => !npmPackagesMatch(readLock("package-lock.json"), readLock("node_modules/.package-lock.json")),
      mend: installNpmPackages,
    },
    { missing: () => !isBuilt(), mend: build },
  ];
  const isMissing = ({ missing }) => [missing()].flat().some(Boolean);
  if (!steps.some(isMissing)) return;
  await withLock(async () => {
    for (const step of steps) if (isMissing(step)) await step.mend(step.missing());
  });
}

function checkNode() {
  const [major, minor] = process.versions.node.split(".").map(Number);
  if (major < nodeMin[0] || (major === nodeMin[0] && minor < nodeMin[1]))
    throw new SetupError(`Credence needs Node ${nodeMin.join(".")} or newer, this is ${process.version} (${process.execPath}).`);
}

function missingDebianPackages(libraries) {
  const absentTools = tools.filter(({ command }) => spawnSync(command, ["--version"], { stdio: "ignore" }).status !== 0);
  const wanted = [...absentTools.map((tool) => tool.debian), ...libraries];
  if (wanted.length === 0) return [];
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the placeholders are dpkg-query's own
  const debian = spawnSync("dpkg-query", ["-W", "-f=${Package} ${db:Status-Status}\n", ...wanted], { encoding: "utf8" });
  if (debian.error) {
    if (absentTools.length === 0) return []; // another system than Debian: CMake says what it does not find
    const names = absentTools.map((tool) => tool.command).join(", ");
    throw new SetupError(`Not found: ${names}. Install a C++20 compiler, CMake and make, then try again.`);
  }
  const installed = new Set(debian.stdout.split("\n").flatMap((line) => (line.endsWith(" installed") ? [line.split(" ")[0]] : [])));
  return wanted.filter((name) => !installed.has(name));
}

function installDebianPackages(missing) {
  const install = `apt-get install -y --no-install-recommends ${missing.join(" ")}`;
  if (process.getuid?.() !== 0)
    throw new SetupError(`Missing Debian packages. Run this, then try again:\n  sudo apt-get update && sudo ${install}`);
  return phase(`Installing Debian packages ${missing.join(" ")}`, "sh", [
    "-c",
    `apt-get update && DEBIAN_FRONTEND=noninteractive ${install}`,
  ]);
}

/** Are the packages that the lock file asks for the ones installed? Optional ones may be absent: they are for other platforms. */
export function npmPackagesMatch(lock, installed) {
  if (!installed) return false;
  return Object.entries(lock.packages).every(([path, wanted]) => {
    if (!`/${path}`.includes("/node_modules/")) return true; // a workspace folder: nothing is installed there
    const found = installed.packages[path];
    return found ? found.version === wanted.version && found.resolved === wanted.resolved : wanted.optional === true;
  });
}

const readLock = (path) => (existsSync(join(root, path)) ? JSON.parse(readFileSync(join(root, path), "utf8")) : undefined);

const installNpmPackages = () => phase("Installing npm packages", "npm", ["ci", "--no-audit", "--no-fund"]);

function isBuilt() {
  const made = ["native/build/Release/credence.node", "packages/cli/dist/main.js"];
  return made.every((path) => existsSync(join(root, path))) && existsSync(stampFile) && readFileSync(stampFile, "utf8") === sourceStamp();
}

async function build() {
  const stamp = sourceStamp(); // before: a source edited during the build must be built again
  await phase("Building native code and TypeScript", process.execPath, [nx, "run-many", "-t", "build", "-p", "credence"]);
  mkdirSync(cache, { recursive: true });
  writeFileSync(stampFile, stamp);
}

/** A digest of path, size and modification time of all that a build reads: a change makes nx look, and nx compares contents. */
function sourceStamp() {
  const digest = createHash("sha256");
  const visit = (path) => {
    const stat = statSync(join(root, path), { throwIfNoEntry: false });
    if (!stat) return;
    if (stat.isDirectory()) {
      for (const name of readdirSync(join(root, path)).sort())
        if (!/^(node_modules|dist|build|build-.*|\..*)$|\.(md|test\.ts)$/.test(name)) visit(`${path}/${name}`);
    } else digest.update(`${path} ${stat.size} ${stat.mtimeMs}\n`);
  };
  for (const path of ["package-lock.json", "nx.json", "tsconfig.base.json", "packages", "native", "cuda"]) visit(path);
  return digest.digest("hex");
}
