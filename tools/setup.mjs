// Everything between a fresh clone and a built tree: Debian packages, npm packages, native code, TypeScript.
// Runs before anything is installed, so it uses Node's own modules only. Each step looks first and acts only
// when something is missing; with nothing to do it takes a few tens of milliseconds.
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = dirname(dirname(fileURLToPath(import.meta.url)));
const cache = join(root, "node_modules", ".cache", "credence");
const logFile = join(cache, "setup.log");
const stampFile = join(cache, "build.sha256");

const nodeMin = [20, 19];
const tools = [
  { command: "c++", debian: "g++" },
  { command: "cmake", debian: "cmake" },
  { command: "make", debian: "make" },
];
const libraries = ["libdnnl-dev", "libeigen3-dev"];
const testLibraries = ["libgtest-dev"];

/** Nx without its background process, its terminal interface and its cloud. */
export const environment = {
  ...process.env,
  NX_DAEMON: "false",
  NX_TUI: "false",
  NX_NO_CLOUD: "true",
  CMAKE_BUILD_PARALLEL_LEVEL: process.env.CMAKE_BUILD_PARALLEL_LEVEL ?? String(availableParallelism()),
};

export class SetupError extends Error {
  name = "SetupError";
}

/** Makes the tree ready to run; with `tests`, ready to test. Throws SetupError with what to do. */
export async function setUp({ tests = false } = {}) {
  checkNode();
  await installDebianPackages(tests ? [...libraries, ...testLibraries] : libraries);
  if (!npmPackagesMatch(readLock("package-lock.json"), readLock("node_modules/.package-lock.json")))
    await phase("Installing npm packages", "npm", ["ci", "--no-audit", "--no-fund"]);
  if (!isBuilt()) {
    await phase("Building native code and TypeScript", process.execPath, [nx, "run-many", "-t", "build", "-p", "credence"]);
    mkdirSync(cache, { recursive: true });
    writeFileSync(stampFile, sourceStamp());
  }
}

export const nx = join(root, "node_modules", "nx", "dist", "bin", "nx.js");

function checkNode() {
  const [major, minor] = process.versions.node.split(".").map(Number);
  if (major < nodeMin[0] || (major === nodeMin[0] && minor < nodeMin[1]))
    throw new SetupError(`Credence needs Node ${nodeMin.join(".")} or newer, this is ${process.version} (${process.execPath}).`);
}

async function installDebianPackages(wanted) {
  const absentTools = tools.filter(({ command }) => spawnSync(command, ["--version"], { stdio: "ignore" }).status !== 0);
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the placeholders are dpkg-query's own
  const debian = spawnSync("dpkg-query", ["-W", "-f=${Package} ${db:Status-Status}\n", ...wanted], { encoding: "utf8" });
  if (debian.error) {
    if (absentTools.length === 0) return;
    throw new SetupError(
      `Not found: ${absentTools.map((tool) => tool.command).join(", ")}. Install a C++20 compiler, CMake, make, oneDNN and Eigen.`,
    );
  }
  const present = new Set(
    debian.stdout
      .split("\n")
      .filter((line) => line.endsWith(" installed"))
      .map((line) => line.split(" ")[0]),
  );
  const missing = [...absentTools.map((tool) => tool.debian), ...wanted.filter((name) => !present.has(name))];
  if (missing.length === 0) return;
  const install = `apt-get install -y --no-install-recommends ${missing.join(" ")}`;
  if (process.getuid?.() !== 0)
    throw new SetupError(`Missing Debian packages. Run this, then try again:\n  sudo apt-get update && sudo ${install}`);
  await phase(`Installing Debian packages ${missing.join(" ")}`, "sh", [
    "-c",
    `apt-get update && DEBIAN_FRONTEND=noninteractive ${install}`,
  ]);
}

/** Are the packages that the lock file asks for the ones installed? Optional ones may be absent: they are for other platforms. */
export function npmPackagesMatch(lock, installed) {
  if (!installed) return false;
  return Object.entries(lock.packages).every(([path, wanted]) => {
    if (!path.startsWith("node_modules/") && !path.includes("/node_modules/")) return true;
    const found = installed.packages[path];
    return found ? found.version === wanted.version && found.resolved === wanted.resolved : wanted.optional === true;
  });
}

function readLock(path) {
  return existsSync(join(root, path)) ? JSON.parse(readFileSync(join(root, path), "utf8")) : undefined;
}

function isBuilt() {
  return (
    existsSync(join(root, "native/build/Release/credence.node")) &&
    existsSync(join(root, "packages/cli/dist/main.js")) &&
    existsSync(stampFile) &&
    readFileSync(stampFile, "utf8") === sourceStamp()
  );
}

/** A digest of path, size and modification time of all that a build reads: a change makes nx look, and nx compares contents. */
function sourceStamp() {
  const digest = createHash("sha256");
  const visit = (path) => {
    const stat = statSync(join(root, path), { throwIfNoEntry: false });
    if (!stat) return;
    if (stat.isDirectory()) {
      for (const name of readdirSync(join(root, path)).sort())
        if (!/^(node_modules|dist|build.*|\..*)$|\.(md|test\.ts)$/.test(name)) visit(`${path}/${name}`);
    } else digest.update(`${path} ${stat.size} ${stat.mtimeMs}\n`);
  };
  for (const path of ["package-lock.json", "nx.json", "tsconfig.base.json", "packages", "native", "cuda"]) visit(path);
  return digest.digest("hex");
}

/** Runs one step behind one line of output. Its own output goes to the log, and to the screen if it fails. */
async function phase(title, command, args) {
  const start = performance.now();
  process.stderr.write(`${title} ... `);
  const output = [];
  const code = await new Promise((resolve) => {
    const child = spawn(command, args, { cwd: root, env: environment, stdio: ["ignore", "pipe", "pipe"] });
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => output.push(chunk));
    child.on("error", (error) => {
      output.push(Buffer.from(`${error.message}\n`));
      resolve(127); // the shell's code for a command that is not there
    });
    child.on("close", resolve);
  });
  const text = Buffer.concat(output).toString();
  mkdirSync(cache, { recursive: true }); // after the step: npm ci empties node_modules
  writeFileSync(logFile, `$ ${command} ${args.join(" ")}\n${text}\n`, { flag: "a" });
  process.stderr.write(`${((performance.now() - start) / 1000).toFixed(1)} s\n`);
  if (code !== 0)
    throw new SetupError(`${text.trimEnd()}\n\n${title}: \`${command} ${args.join(" ")}\` ended with exit code ${code}. Log: ${logFile}`);
}

/** Runs the job itself with this terminal, passes Ctrl-C on, and answers its exit code. */
export function runJob(command, args) {
  const child = spawn(command, args, { cwd: root, env: environment, stdio: "inherit" });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) => resolve(code ?? (signal === "SIGINT" ? 130 : 1)));
  });
}

/** The frame of every command: set up, do the job, and turn a setup problem into its message and exit code 1. */
export async function main(options, job) {
  try {
    await setUp(options);
    process.exitCode = await job();
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    console.error(`\n${error.message}`);
    process.exitCode = 1;
  }
}
