/**
 * Candidates compared by scores that only rise while they run. `winner` settles once nobody still running can pass the leader, which may
 * be before the leader itself is done. Of equals the first wins; who is faster does not matter.
 */
export class Contest {
  readonly winner: Promise<number>;
  /** Tells whoever awaits the winner that there will be none. */
  readonly fail: (reason: unknown) => void;
  readonly #decide: (winner: number) => void;
  readonly #scores: number[];
  readonly #running: Set<number>;

  constructor(candidates: number) {
    this.#scores = new Array<number>(candidates).fill(Number.NEGATIVE_INFINITY);
    this.#running = new Set(this.#scores.keys());
    let decide!: (winner: number) => void;
    let fail!: (reason: unknown) => void;
    this.winner = new Promise((resolve, reject) => {
      decide = resolve;
      fail = reject;
    });
    this.winner.catch(() => undefined);
    this.#decide = decide;
    this.fail = fail;
    this.#look();
  }

  score(candidate: number, score: number): void {
    if (Number.isFinite(score) && score > this.#scores[candidate]!) this.#scores[candidate] = score;
    this.#look();
  }

  finish(candidate: number, score: number): void {
    this.#running.delete(candidate);
    this.score(candidate, score);
  }

  #look(): void {
    const leader = this.#scores.indexOf(Math.max(...this.#scores));
    if ([...this.#running].every((candidate) => candidate === leader)) this.#decide(leader);
  }
}
