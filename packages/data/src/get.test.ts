import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readdir, readFile, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest";
import type { Dataset } from "./dataset.ts";
import { getDataset } from "./get.ts";
import { addDataset } from "./import-file.ts";
import { locateDataset } from "./locate.ts";
import { findDataset } from "./registry.ts";

const bytes = "year,count\n1,2\n";
const sha256 = createHash("sha256").update(bytes).digest("hex");
let server: Server;
let origin: string;
let folder: string;

beforeAll(async () => {
  server = createServer((request, response) => {
    if (request.url === "/good.csv") response.end(bytes);
    else if (request.url === "/other.csv") response.end("something else");
    else if (request.url === "/broken.csv") {
      response.writeHead(200, { "content-length": "1000" });
      response.write("half", () => response.destroy());
    } else if (request.url !== "/silent.csv") response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "credence-data-"));
  vi.stubEnv("XDG_CACHE_HOME", join(folder, "cache"));
  vi.stubEnv("CREDENCE_DATA", join(folder, "named"));
});
afterEach(() => vi.unstubAllEnvs());

const served = (file: string, extra: Partial<Dataset["files"][number]> = {}): Dataset => ({
  ...findDataset("grizzly"),
  name: "served",
  files: [{ path: "field/served.csv", sha256, url: `${origin}/${file}`, ...extra }],
});
const refusal = (code: string, words: string) =>
  expect.objectContaining({ name: "DatasetError", code, message: expect.stringContaining(words) });
const cached = () => readdir(join(folder, "cache", "credence", "field")).catch(() => []);

test("a file that the origin serves is downloaded once, checked, and found from then on", async () => {
  const [path] = await getDataset(served("good.csv"));
  expect(path).toBe(join(folder, "cache", "credence", "field", "served.csv"));
  expect(await readFile(path!, "utf8")).toBe(bytes);
  expect(await getDataset(served("gone.csv"))).toEqual([path]);
});

test.each([
  ["other.csv", "DATASET_CHECKSUM", `expected ${sha256}`],
  ["gone.csv", "DATASET_DOWNLOAD", "answered 404"],
  ["broken.csv", "DATASET_DOWNLOAD", "broke off"],
])("a bad download (%s) is an error and leaves nothing in the cache", async (file, code, words) => {
  await expect(getDataset(served(file))).rejects.toThrow(refusal(code, words));
  expect(await cached()).toEqual([]);
});

test("an origin that cannot be reached is named", async () => {
  await expect(getDataset(served("", { url: "http://127.0.0.1:1/x.csv" }))).rejects.toThrow(
    refusal("DATASET_DOWNLOAD", "cannot reach http://127.0.0.1:1/x.csv"),
  );
});

test("a download stops when it is cancelled", async () => {
  const reason = new Error("enough");
  const controller = new AbortController();
  setTimeout(() => controller.abort(reason), 50);
  await expect(getDataset(served("silent.csv"), { signal: controller.signal })).rejects.toBe(reason);
  expect(await cached()).toEqual([]);
});

test("a data set whose origin does not serve the file says where to get it and how to lay it out", async () => {
  const wanted = getDataset(findDataset("grizzly"));
  await expect(wanted).rejects.toThrow(refusal("DATASET_NOT_SERVED", "https://cran.r-project.org/package=popbio"));
  await expect(wanted).rejects.toThrow(/write\.csv\(popbio::grizzly.*credence data add grizzly FILE.*birth-death\/popbio_grizzly\.csv/);
});

test("a missing data set lists the places that were looked at", async () => {
  const lookup = locateDataset(served("good.csv"));
  await expect(lookup).rejects.toThrow(
    refusal("DATASET_MISSING", `${join(folder, "named", "field", "served.csv")} and ${join(folder, "cache")}`),
  );
  await expect(lookup).rejects.toThrow(/run "credence data get served"/);
});

test("a file in CREDENCE_DATA comes before the cache, and other bytes there are an error", async () => {
  await getDataset(served("good.csv"));
  await mkdir(join(folder, "named", "field"), { recursive: true });
  const named = join(folder, "named", "field", "served.csv");
  await writeFile(named, bytes);
  expect(await locateDataset(served("good.csv"))).toEqual([named]);
  await writeFile(named, "year,count\n1,3\n");
  await expect(locateDataset(served("good.csv"))).rejects.toThrow(refusal("DATASET_CHECKSUM", `${named} is not the file`));
});

test("add checks a file of the user's and copies it to the cache", async () => {
  const source = join(folder, "downloaded.csv");
  await writeFile(source, bytes);
  const path = await addDataset(served("good.csv"), source);
  expect(await locateDataset(served("good.csv"))).toEqual([path]);
});

test("add refuses other bytes and a file that is not there", async () => {
  const source = join(folder, "other.csv");
  await writeFile(source, "nothing of the kind");
  await expect(addDataset(served("good.csv"), source)).rejects.toThrow(refusal("DATASET_CHECKSUM", "nothing was kept"));
  await expect(addDataset(served("good.csv"), join(folder, "none.csv"))).rejects.toThrow(refusal("DATASET_FILE", "cannot read"));
  expect(await cached()).toEqual([]);
});

test("a cache that cannot be written is an error that says so", async () => {
  // A file where a folder is needed refuses root too, which a permission would not.
  await writeFile(join(folder, "cache"), "in the way");
  await expect(getDataset(served("good.csv"))).rejects.toThrow(refusal("DATASET_FILE", "cannot write"));
});
