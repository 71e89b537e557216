import type { Progress } from "@credence/core";
import { formatNumber } from "@credence/report";
import { duration } from "./duration.ts";

/** Where progress is written: a terminal gets one line that changes, anything else a plain line every few seconds. */
export interface ProgressStream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

export interface ProgressReporter {
  readonly progress: Progress;
  /** A line of its own, above the live line. */
  log(line: string): void;
  /** Takes the live line away. */
  close(): void;
}

/** Seconds between redraws of a live line, and between plain lines. */
const liveInterval = 0.1;
const plainInterval = 5;

interface Phase {
  readonly begun: number;
  /** Where it stood when it was first heard of: a phase that resumes has a head start that says nothing about its rate. */
  readonly from: number;
  finished: boolean;
}

/** Writes phase, share done, rate and time left to `stream`. `now` is a clock in seconds. */
export function progressReporter(stream: ProgressStream, now = (): number => performance.now() / 1000): ProgressReporter {
  const live = stream.isTTY === true;
  const phases = new Map<string, Phase>();
  let written = Number.NEGATIVE_INFINITY;
  let liveLine = false;

  const clear = (): void => {
    if (liveLine) stream.write("\r\u001b[2K");
    liveLine = false;
  };
  const line = (text: string): void => {
    clear();
    stream.write(`${text}\n`);
  };
  const redraw = (text: string): void => {
    stream.write(`\r\u001b[2K${text.slice(0, (stream.columns ?? 80) - 1)}`);
    liveLine = true;
  };
  const finish = (name: string, phase: Phase, total: number): void => {
    if (phase.finished) return;
    phase.finished = true;
    const seconds = now() - phase.begun;
    const rate = (total - phase.from) / seconds;
    line(
      `${name.padEnd(10)} ${formatNumber(total)} in ${duration(seconds)}${phase.from < total && seconds > 0.05 ? `, ${formatNumber(rate)}/s` : ""}`,
    );
  };

  return {
    progress(name, done, total) {
      const time = now();
      let phase = phases.get(name);
      if (phase === undefined || (phase.finished && done < total)) {
        phase = { begun: time, from: done, finished: false };
        phases.set(name, phase);
        // A phase announces itself at once.
        written = Number.NEGATIVE_INFINITY;
      }
      if (done >= total) return finish(name, phase, total);
      if (time - written < (live ? liveInterval : plainInterval)) return;
      written = time;
      const rate = (done - phase.from) / (time - phase.begun);
      const left = rate > 0 ? `, ${formatNumber(rate)}/s, ${duration((total - done) / rate)} left` : "";
      const text = `${name.padEnd(10)} ${formatNumber(done)} of ${formatNumber(total)} (${Math.floor((100 * done) / total)} %)${left}`;
      if (live) redraw(text);
      else line(text);
    },
    log: line,
    close: clear,
  };
}
