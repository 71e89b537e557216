import { defaultThreads, type Program } from "@credence/tensor";
import { expect, test } from "vitest";
import { quicker } from "./quicker.ts";

/** A program that takes so many milliseconds a run, by threads. */
const pretended = (milliseconds: (threads: number) => number, asked: number[]) => (threads: number) =>
  ({
    runAsync: async () => {
      asked.push(threads);
      await new Promise((resolve) => setTimeout(resolve, milliseconds(threads)));
      return threads;
    },
  }) as unknown as Program<[], number>;

const runs = async (milliseconds: (threads: number) => number, threads?: number): Promise<number[]> => {
  const asked: number[] = [];
  const run = quicker(threads, pretended(milliseconds, asked));
  for (let i = 0; i < 6; i++) await run([]);
  return asked;
};

test("threads that were asked for are used", async () => {
  expect(await runs(() => 1, 3)).toEqual([3, 3, 3, 3, 3, 3]);
});

test.skipIf(defaultThreads() === 1)(
  "long runs are tried in all threads, and stay there if that is quicker; short ones are not tried",
  async () => {
    const most = defaultThreads();
    expect(await runs((threads) => (threads === 1 ? 120 : 50))).toEqual([1, 1, most, most, most, most]);
    expect(await runs((threads) => (threads === 1 ? 60 : 130))).toEqual([1, 1, most, most, 1, 1]);
    expect(await runs(() => 1)).toEqual([1, 1, 1, 1, 1, 1]);
  },
);
