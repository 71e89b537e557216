import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";

/** The command as it is installed: what is spawned is the build, so that these tests need one (`npx nx build credence`). */
const main = fileURLToPath(new URL("../dist/main.js", import.meta.url));
let folder: string;

beforeAll(async () => {
  if (!existsSync(main)) throw new Error(`${main} is not built; run npx nx build credence`);
  folder = await mkdtemp(join(tmpdir(), "credence-main-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

function run(
  args: string[],
  {
    environment = {},
    onError = () => {},
  }: { environment?: Record<string, string>; onError?: (text: string, kill: (signal: NodeJS.Signals) => void) => void } = {},
): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const { CREDENCE_DATA: _, ...inherited } = process.env;
    const child = spawn(process.execPath, args, { cwd: folder, env: { ...inherited, XDG_CACHE_HOME: folder, ...environment } });
    let out = "";
    let err = "";
    child.stdout.on("data", (data) => {
      out += data;
    });
    child.stderr.on("data", (data) => {
      err += data;
      onError(err, (signal) => child.kill(signal));
    });
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, out, err }));
  });
}

const credence = (...args: string[]) => run([main, ...args]);

test("--help lists applications and commands, --version is a version", async () => {
  const help = await credence("--help");
  expect([help.code, help.err]).toEqual([0, ""]);
  for (const word of ["birth-death", "reproduce", "data", "devices"]) expect(help.out).toContain(word);
  const version = await credence("--version");
  expect(version).toMatchObject({ code: 0, err: "" });
  expect(version.out).toMatch(/^\d+\.\d+\.\d+\n$/);
});

test("an application's --help lists the options that all take and its own", async () => {
  const { code, out } = await credence("birth-death", "--help");
  expect(code).toBe(0);
  for (const option of ["--dataset", "--device", "--seed", "--simulations", "--out", "--quick"]) expect(out).toContain(option);
});

test("devices lists the CPU", async () => {
  const { code, out } = await credence("devices");
  expect(code).toBe(0);
  expect(out).toMatch(/^cpu +\S/m);
});

test("an unknown application is a usage error that names those there are", async () => {
  const { code, err, out } = await credence("birth-deth");
  expect([code, out]).toEqual([2, ""]);
  expect(err).toBe(
    'credence: unknown application or command "birth-deth"; applications: birth-death, regression, elasticity, gravity; commands: reproduce, data, devices [USAGE]\n',
  );
});

test.each([
  [["birth-death", "--dataset", "dodo"], 'unknown data set "dodo"'],
  [["birth-death", "--seed", "NaN"], '--seed must be an integer from 0 up to 4294967295, got "NaN"'],
  [["birth-death", "--simulations", "-5"], "--simulations must be an integer"],
  [["data", "get", "dodo"], 'unknown data set "dodo"; the registry holds whooping-crane'],
  [["data", "add", "grizzly"], "missing required argument 'file'"],
])("%j is refused with exit code 2 and no stack", async (args, words) => {
  const { code, err } = await credence(...args);
  expect(code).toBe(2);
  expect(err).toContain(words);
  expect(err).not.toMatch(/\n\s+at /);
});

test("a device that is not there is a failure that lists those that are", async () => {
  const { code, err } = await credence("birth-death", "--device", "cuda:63");
  expect(code).toBe(1);
  expect(err).toMatch(/device "cuda:63" is not on this machine or not in this build; devices: cpu.*\[ERR_DEVICE\]/);
});

test("data get says where to get a data set that its origin does not serve", async () => {
  const { code, err } = await credence("data", "get", "grizzly");
  expect(code).toBe(1);
  expect(err).toContain("https://cran.r-project.org/package=popbio");
  expect(err).toContain("[DATASET_NOT_SERVED]");
});

test("data list shows every data set with its state", async () => {
  const { code, out } = await credence("data", "list");
  expect(code).toBe(0);
  expect(out).toMatch(/^whooping-crane +credence data add +Whooping cranes/m);
});

test("CREDENCE_DEBUG=1 shows the stack", async () => {
  const { err } = await run([main, "birth-death", "--seed", "x"], { environment: { CREDENCE_DEBUG: "1" } });
  expect(err).toMatch(/UsageError: --seed must be[^\n]*\n\s+at /);
});

/** An application that counts until it is stopped, started by the built command tree in a process of its own. */
const counting = `
import { credence } from ${JSON.stringify(new URL("../dist/credence.js", import.meta.url).href)};
const application = {
  name: "counting", title: "Counts", datasets: [{ name: "none", title: "none" }], options: [],
  reproduce: (options, { signal, progress }) => new Promise((resolve, reject) => {
    let done = 0;
    const timer = setInterval(() => progress("count", done++, 1e6), 5);
    signal.addEventListener("abort", () => { clearInterval(timer); reject(new Error("a layer below words the abort otherwise")); });
  }),
};
process.exitCode = await credence(["counting"], [application], process);
`;

test.each([
  ["SIGINT", 130, "stopped by Ctrl-C"],
  ["SIGTERM", 143, "stopped by SIGTERM"],
] as const)("%s stops a run with exit code %d and says that the same command resumes", async (signal, expected, words) => {
  let sent = false;
  const { code, err } = await run(["--input-type=module", "-e", counting], {
    onError: (text, kill) => {
      if (!sent && text.includes("count ")) {
        sent = true;
        kill(signal);
      }
    },
  });
  expect(code).toBe(expected);
  expect(err).toContain(`${words}; what was done is kept: the same command again resumes\n`);
});
