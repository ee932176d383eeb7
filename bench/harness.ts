import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** One comparison: what we do beside a peer or the physical limit, measured in the same run. */
export interface Case {
  readonly name: string;
  /** What is asked for, e.g. `≥ 0.6 × write + fdatasync in C`. */
  readonly target: string;
  run(tools: Tools): Promise<Result>;
}

export interface Result {
  /** What was measured, in words: ours and the other side's. */
  readonly ours: string;
  readonly peer: string;
  /** Ours by the peer's (or the limit by ours, for times): at least 1 × the target's figure is good. */
  readonly ratio?: number | undefined;
  readonly met: boolean;
}

export interface Tools {
  /** A fresh directory on the disk that is measured, removed afterwards. */
  directory(): string;
  /** Seconds that C needs for `calls` appends of `bytes` each, every one flushed. `undefined` where there is no compiler. */
  appendInC(bytes: number, calls: number): number | undefined;
  /** How long `work` takes, in seconds; the best of `rounds`. */
  best(rounds: number, work: (round: number) => Promise<void>): Promise<number>;
}

export function createTools(): Tools & { dispose(): void } {
  const work = mkdtempSync(join(process.env['BENCH_DIR'] ?? tmpdir(), 'millrace-bench-'));
  let count = 0;
  const directory = (): string => {
    const path = join(work, `d${count++}`);
    mkdirSync(path);
    return path;
  };
  return {
    directory,
    appendInC(bytes, calls) {
      const binary = join(work, 'append');
      if (!existsSync(binary) && spawnSync('cc', ['-O2', '-o', binary, join(import.meta.dirname, 'append.c')]).status !== 0)
        return undefined;
      const result = spawnSync(binary, [join(directory(), 'file'), String(bytes), String(calls)], { encoding: 'utf8' });
      return result.status === 0 ? Number(result.stdout) : undefined;
    },
    async best(rounds, task) {
      let least = Infinity;
      for (let round = 0; round < rounds; round++) {
        const begin = performance.now();
        await task(round);
        least = Math.min(least, (performance.now() - begin) / 1000);
      }
      return least;
    },
    dispose: () => rmSync(work, { recursive: true, force: true }),
  };
}

/** What our log stores for an event without a key, with its share of the frame. Limits move the same bytes. */
export function storedBytes(payloadBytes: number): number {
  return payloadBytes + 10;
}

/** `1.23 M/s`, `45 k/s`. */
export function rate(count: number, seconds: number): string {
  const perSecond = count / seconds;
  if (perSecond >= 1e6) return `${(perSecond / 1e6).toFixed(2)} M/s`;
  return perSecond >= 1e3 ? `${(perSecond / 1e3).toFixed(1)} k/s` : `${perSecond.toFixed(0)}/s`;
}

/** The value below which `share` of the sorted samples lie. */
export function percentile(samples: readonly number[], share: number): number {
  const sorted = samples.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

/** Fails the run when what was measured did not do the work: a fast wrong path must not pass. */
export function verify(condition: boolean, what: string): void {
  if (!condition) throw new Error(`content check failed: ${what}`);
}
