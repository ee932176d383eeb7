import { fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { verify } from '../harness.ts';
import type { Case } from '../harness.ts';

// The built command: run `npm run build` first.
const command = join(import.meta.dirname, '../../cli/dist/main.js');

/** Milliseconds from the start of the process until the first message comes out of a pipeline. */
async function firstMessage(directory: string): Promise<number> {
  const begin = performance.now();
  const child = spawn(
    process.execPath,
    [
      command,
      '--data-dir',
      join(directory, 'data'),
      'run',
      'load-generator --message-count=1 --message-size=10 > :first',
      ':first > log',
    ],
    {
      cwd: directory,
      stdio: ['ignore', 'pipe', 'ignore'],
    },
  );
  await once(child.stdout, 'data');
  const elapsed = performance.now() - begin;
  child.stdout.resume();
  await once(child, 'exit');
  return elapsed;
}

interface Footprint {
  readonly rss: number;
  /** What the collector leaves. */
  readonly live: number;
}

interface SlowRun {
  readonly published: number;
  readonly handled: number;
  readonly half: Footprint;
  readonly end: Footprint;
}

const megabytes = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(0)} MB`;

/** What a program of its own sends as its result. */
async function resultOf<T>(program: string, dataDir: string, execArgv: string[] = []): Promise<T> {
  const child = fork(join(import.meta.dirname, '../programs', program), [dataDir], { execArgv });
  const [result] = (await once(child, 'message')) as [T];
  child.kill('SIGTERM');
  await once(child, 'exit');
  return result;
}

/** Twice as much left behind must not take more memory: what a slow consumer has not read yet lies on the disk. */
function isBounded({ published, handled, half, end }: SlowRun): boolean {
  verify(published >= 9 * handled, `the consumer is ten times slower: ${published} published, ${handled} handled`);
  return end.live - half.live < 8 * 2 ** 20 && end.rss < 400 * 2 ** 20;
}

const footprintCase: Case = {
  name: '`millrace run` to the first message; resident memory of an idle runtime, and behind a consumer ten times slower',
  target: '< 0.5 s; < 90 MB; bounded',
  async run(tools) {
    let best = Infinity;
    for (let round = 0; round < 6; round++) best = Math.min(best, await firstMessage(tools.directory()));
    const idle = await resultOf<number>('idle.mjs', tools.directory());
    const slow = await resultOf<SlowRun>('slow-consumer.mjs', tools.directory(), ['--expose-gc']);
    const behind = `${megabytes(slow.half.live)} live after half of ${slow.published} events, ${megabytes(slow.end.live)} after all (resident ${megabytes(slow.end.rss)})`;
    return {
      ours: `${(best / 1000).toFixed(2)} s; ${megabytes(idle)}; ${behind}`,
      peer: '–',
      met: best < 500 && idle < 90 * 2 ** 20 && isBounded(slow),
    };
  },
};

export default footprintCase;
