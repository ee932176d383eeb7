import { fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { connect, eventStream } from 'millrace';
import type { Case } from '../harness.ts';

const command = join(import.meta.dirname, '../../cli/dist/main.js');
const idleMs = 3000;

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

async function idleMemory(dataDir: string): Promise<number> {
  const child = fork(import.meta.filename, [dataDir], { execArgv: [] });
  const [rss] = (await once(child, 'message')) as [number];
  child.kill('SIGTERM');
  return rss / 2 ** 20;
}

const footprintCase: Case = {
  name: '`millrace run` to the first message; resident memory of an idle runtime',
  target: '< 0.5 s; < 90 MB',
  async run(tools) {
    let best = Infinity;
    for (let round = 0; round < 4; round++) best = Math.min(best, await firstMessage(tools.directory()));
    const memory = await idleMemory(tools.directory());
    return { ours: `${(best / 1000).toFixed(2)} s; ${memory.toFixed(0)} MB`, peer: '–', met: best < 500 && memory < 90 };
  },
};

if (process.send !== undefined && process.argv[2] !== undefined) {
  const mr = await connect({ dataDir: process.argv[2], config: false });
  await mr.subscribe(eventStream('idle'), { group: 'g' }, () => undefined);
  await new Promise((resolve) => setTimeout(resolve, idleMs));
  process.send(process.memoryUsage.rss());
}

export default footprintCase;
