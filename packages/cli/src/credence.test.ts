import { mkdtemp, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Application, ApplicationOptions, Summary } from "@credence/core";
import { beforeAll, expect, test } from "vitest";
import { credence } from "./credence.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "credence-cli-"));
});

/** An application that averages numbers: small, but all of the contract. */
function averaging(run: (options: ApplicationOptions) => void = () => {}): Application {
  return {
    name: "averaging",
    title: "The mean of some numbers",
    datasets: [{ name: "threes", title: "three threes" }],
    userFiles: "numbers",
    options: [
      { name: "trimShare", type: "number", description: "share left out at each end", default: 0.1 },
      { name: "kind", type: "string", description: "which mean", choices: ["plain", "geometric"] },
      { name: "robust", type: "boolean", description: "median instead" },
    ],
    async reproduce(options, { progress, log }): Promise<Summary> {
      run(options);
      log("averaging");
      progress("infer", 0, 3);
      progress("infer", 3, 3);
      const mean = { unit: "m", mean: 3, sd: 0.5, median: 3, q05: 2.2, q95: 3.8 };
      await writeFile(join(options.out, "summary.json"), "{}");
      return {
        application: "averaging",
        dataset: options.dataset,
        parameters: { mean },
        oracle: { mean: { ...mean, mean: 3.01 } },
        checks: { c2stOracle: 0.5, sbc: { mean: { pValue: 0.4 } } },
        cost: { simulations: 0, seconds: { simulate: 0, train: 0, infer: 0.25, check: 0 } },
      };
    },
  };
}

async function run(args: string[], application = averaging()) {
  const io = { out: "", err: "" };
  const code = await credence(args, [application], {
    stdout: { write: (text) => void (io.out += text) },
    stderr: { write: (text) => void (io.err += text) },
  });
  return { code, ...io };
}

test("an application gets checked options with its defaults, and its findings are printed", async () => {
  let seen: ApplicationOptions | undefined;
  const out = join(folder, "results");
  const application = averaging((options) => {
    seen = options;
  });
  const {
    code,
    out: text,
    err,
  } = await run(["averaging", "--seed", "7", "--simulations", "10", "--quick", "--kind", "geometric", "--out", out], application);
  expect(code).toBe(0);
  expect(seen).toEqual({
    dataset: "threes",
    device: "cpu",
    seed: 7,
    simulations: 10,
    out,
    quick: true,
    own: { trimShare: 0.1, kind: "geometric", robust: undefined },
  });
  expect(text).toMatch(/mean +3\.00 ± 0\.50 +2\.20 to 3\.80 +3\.01 ± 0\.50 +m/);
  expect(text).toContain("C2ST against the exact posterior 0.500");
  expect(text).toContain(`report: ${join(out, "report.html")}`);
  expect(err).toContain("averaging\n");
  expect(await readFile(join(out, "summary.json"), "utf8")).toBe("{}");
});

test("the word reproduce may stand before an application, and no word at all is the first one", async () => {
  const out = join(folder, "words");
  for (const args of [
    ["reproduce", "averaging", "--out", out],
    ["--out", out],
  ])
    expect((await run(args)).code).toBe(0);
});

test("a flag of two words is the camelCase option of the application", async () => {
  let seen: ApplicationOptions | undefined;
  const application = averaging((options) => {
    seen = options;
  });
  await run(["averaging", "--trim-share", "0.25", "--robust", "--out", join(folder, "flags")], application);
  expect(seen?.own).toEqual({ trimShare: 0.25, kind: undefined, robust: true });
});

test.each([
  [["averaging", "--seed", "1.5"], '--seed must be an integer from 0 up to 4294967295, got "1.5"'],
  [["averaging", "--seed", "4294967296"], 'got "4294967296"'],
  [["averaging", "--seed=-1"], 'got "-1"'],
  [["averaging", "--simulations", "0"], '--simulations must be an integer from 1 up to 9e15, got "0"'],
  [["averaging", "--simulations", "many"], 'got "many"'],
  [["averaging", "--device", "gpu"], '--device must be cpu or cuda:N, got "gpu"'],
  [["averaging", "--dataset", "fours"], 'unknown data set "fours"; averaging knows threes, or the path of a file with numbers'],
  [["averaging", "--dataset", "./none.csv"], "there is no file ./none.csv"],
  [["averaging", "--trim-share", "much"], '--trim-share must be a number, got "much"'],
  [["averaging", "--kind", "odd"], '--kind must be one of plain, geometric, got "odd"'],
  [["averaging", "--sed", "3"], "unknown option '--sed' (Did you mean --seed?)"],
  [["averaging", "more"], "too many arguments"],
  [["averagin"], 'unknown application or command "averagin"; applications: averaging'],
  [["reproduce", "nothing"], 'unknown application or command "nothing"'],
  [["reproduce"], "a command is missing"],
])("%j is a usage error that says what was given and what is expected", async (args, words) => {
  const { code, out, err } = await run(args);
  expect(err).toContain(words);
  expect([code, out]).toEqual([2, ""]);
});

test("results are not started where they could not be written", async () => {
  await writeFile(join(folder, "file"), "in the way");
  let started = false;
  const { code, err } = await run(
    ["averaging", "--out", join(folder, "file")],
    averaging(() => {
      started = true;
    }),
  );
  expect([code, started]).toEqual([2, false]);
  expect(err).toContain("is no folder that can be written to");
});

test("a failure is one line with its code and no stack, and exit code 1", async () => {
  const application = averaging(() => {
    throw Object.assign(new Error("the tide is out"), { code: "ERR_TIDE" });
  });
  const { code, err } = await run(["averaging", "--out", join(folder, "failure")], application);
  expect(code).toBe(1);
  expect(err).toBe("credence: the tide is out [ERR_TIDE]\n");
});

test("an application that reads no files of the user's says so", async () => {
  const { userFiles: _, ...application } = averaging();
  expect((await run(["averaging", "--dataset", "mine.csv"], application)).err).toContain("averaging reads no files of yours");
});
