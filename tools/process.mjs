// How the tools run other programs: set-up steps quietly and one set-up at a time, the job itself in the open.
import { spawn } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

export const root = dirname(dirname(fileURLToPath(import.meta.url)));
export const cache = join(root, "node_modules", ".cache", "credence");
export const nx = join(root, "node_modules", "nx", "dist", "bin", "nx.js");
const logFile = join(cache, "setup.log");
const lockFile = join(root, ".setup.lock");

/** Nx without its background process, its terminal interface and its cloud. */
const environment = {
  ...process.env,
  NX_DAEMON: "false",
  NX_TUI: "false",
  NX_NO_CLOUD: "true",
  CMAKE_BUILD_PARALLEL_LEVEL: process.env.CMAKE_BUILD_PARALLEL_LEVEL ?? String(availableParallelism()),
};

export class SetupError extends Error {
  name = "SetupError";
}

/** Runs one step behind one line of output. Its own output goes to the log, and to the screen if it fails. */
export async function phase(title, command, args) {
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
  const text = Buffer.concat(output).toString().trimEnd();
  mkdirSync(cache, { recursive: true }); // after the step: npm ci empties node_modules
  writeFileSync(logFile, `$ ${command} ${args.join(" ")}\n${text}\n`, { flag: "a" });
  process.stderr.write(`${((performance.now() - start) / 1000).toFixed(1)} s\n`);
  if (code !== 0)
    throw new SetupError(`${text}\n\n${title}: \`${command} ${args.join(" ")}\` ended with exit code ${code}. Log: ${logFile}`);
}

/** Does `work` while no other set-up of this tree is under way: two `npm start` on a fresh clone must not build over each other. */
export async function withLock(work) {
  while (!takeLock()) await sleep(500);
  try {
    return await work();
  } finally {
    rmSync(lockFile, { force: true });
  }
}

function takeLock() {
  try {
    writeFileSync(lockFile, String(process.pid), { flag: "wx" });
    return true;
  } catch (error) {
    if (error.code !== "EEXIST") throw error;
  }
  try {
    process.kill(Number(readFileSync(lockFile, "utf8")), 0); // signal 0 only asks whether its owner lives
  } catch (error) {
    if (error.code === "ESRCH") rmSync(lockFile, { force: true });
  }
  return false;
}

/** Runs the job itself with this terminal and `variables` in its environment, passes signals on, and answers its exit code. */
export function runJob(command, args, variables = {}) {
  const child = spawn(command, args, { cwd: root, env: { ...environment, ...variables }, stdio: "inherit" });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) => resolve(code ?? (signal === "SIGINT" ? 130 : 1)));
  });
}

/** The frame of every command: does `work`, and turns a set-up problem into its message and exit code 1. */
export async function main(work) {
  try {
    process.exitCode = await work();
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    console.error(`\n${error.message}`);
    process.exitCode = 1;
  }
}
