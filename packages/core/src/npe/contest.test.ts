import { describe, expect, it } from "vitest";
import { Contest } from "./contest.ts";

const settled = async (contest: Contest): Promise<number | undefined> => Promise.race([contest.winner, Promise.resolve(undefined)]);

describe("a contest", () => {
  it("of one is decided at once", async () => {
    expect(await new Contest(1).winner).toBe(0);
  });

  it("waits while a candidate that is behind is still running", async () => {
    const contest = new Contest(2);
    contest.score(1, 3);
    contest.finish(1, 3);
    expect(await settled(contest)).toBeUndefined();
    contest.score(0, 2);
    expect(await settled(contest)).toBeUndefined();
    contest.finish(0, 2);
    expect(await contest.winner).toBe(1);
  });

  it("ends when the last one running has passed all others", async () => {
    const contest = new Contest(3);
    contest.finish(0, 1);
    contest.finish(2, 1.5);
    contest.score(1, Number.POSITIVE_INFINITY);
    expect(await settled(contest)).toBeUndefined();
    contest.score(1, 1.6);
    expect(await contest.winner).toBe(1);
  });

  it("counts the score of one that was resumed and has nothing left to do", async () => {
    const contest = new Contest(2);
    contest.finish(0, 5);
    contest.score(1, 4);
    contest.finish(1, 4.5);
    expect(await contest.winner).toBe(0);
  });

  it("of equals takes the first, whichever ends first", async () => {
    const contest = new Contest(2);
    contest.finish(1, 2);
    contest.score(0, 2);
    expect(await contest.winner).toBe(0);
  });

  it("fails with the candidate that failed", async () => {
    const contest = new Contest(2);
    contest.fail(new Error("no finite loss"));
    await expect(contest.winner).rejects.toThrow("no finite loss");
  });
});
