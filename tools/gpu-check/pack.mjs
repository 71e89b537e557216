// Makes what a machine with a GPU, without network and npm, needs for `python3 tools/gpu-check`: the tracked files and, in
// build/gpu-check, the training plans, this Node with its headers, node-addon-api and GoogleTest.
//   node tools/gpu-check/pack.mjs [FILE.tgz]
import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { exportPlans } from "./plans.mjs";

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const carried = join("build", "gpu-check");
const out = resolve(process.argv[2] ?? join(root, "build", "gpu-check.tgz"));

const parts = [
  { what: "headers of this Node", from: join(dirname(dirname(process.execPath)), "include", "node"), to: "node-include" },
  { what: "node-addon-api", from: join(root, "node_modules", "node-addon-api"), to: "node-addon-api" },
  { what: "GoogleTest's source (Debian: libgtest-dev)", from: "/usr/src/googletest", to: "googletest" },
];

rmSync(join(root, carried), { recursive: true, force: true });
mkdirSync(join(root, carried), { recursive: true });
console.log(`${exportPlans(join(root, carried, "plans")).length} training plans`);
cpSync(process.execPath, join(root, carried, "node"));
const git = (...args) => execFileSync("git", args, { cwd: root, encoding: "utf8" }).trim();
const changes = git("status", "--porcelain", "--untracked-files=no") ? " with local changes" : "";
writeFileSync(join(root, carried, "commit"), `${git("rev-parse", "HEAD")}${changes}\n`);
for (const { what, from, to } of parts) {
  if (existsSync(from)) cpSync(from, join(root, carried, to), { recursive: true, dereference: true });
  else console.log(`left out: ${what}, which is not at ${from}`);
}
const tracked = execFileSync("git", ["ls-files", "-z"], { cwd: root });
execFileSync("tar", ["--create", "--gzip", `--file=${out}`, "--null", "--files-from=-", carried], { cwd: root, input: tracked });
console.log(out);
