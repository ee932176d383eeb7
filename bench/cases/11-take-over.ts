import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { percentile, verify } from '../harness.ts';
import type { Case, Tools } from '../harness.ts';

const rounds = 10;
const attached = 3;

/** A process that publishes as fast as it can; counts what was acknowledged. */
class Publisher {
  acks = 0;
  readonly #child: ChildProcess;

  constructor(dataDir: string, name: string) {
    const program = join(import.meta.dirname, '../../faults/programs/publisher.ts');
    const place = JSON.stringify({ dataDir });
    this.#child = fork(program, [place, name], { serialization: 'advanced', stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    this.#child.on('message', (batch: readonly string[]) => {
      for (const message of batch) if (message.startsWith('ack')) this.acks++;
    });
  }

  async reaches(acks: number): Promise<void> {
    while (this.acks < acks) {
      verify(this.#child.exitCode === null, 'the publisher runs');
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  }

  async kill(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    this.#child.kill('SIGKILL');
    await once(this.#child, 'exit');
  }
}

/** Milliseconds from the kill of the holder until each of the other processes has been acknowledged more. */
async function takeOver(tools: Tools): Promise<number> {
  const dataDir = tools.directory();
  const holder = new Publisher(dataDir, 'holder');
  await holder.reaches(50);
  const others = Array.from({ length: attached }, (_, index) => new Publisher(dataDir, `other${index}`));
  try {
    await Promise.all(others.map((other) => other.reaches(50)));
    const begin = performance.now();
    await holder.kill();
    // What was acknowledged before may still be on its way here.
    await Promise.all(others.map((other) => other.reaches(other.acks + 200)));
    return performance.now() - begin;
  } finally {
    await Promise.all(others.map((other) => other.kill()));
  }
}

export default {
  name: 'kill -9 of the holder with three other processes attached, until all go on',
  target: '≤ 2 s',
  async run(tools) {
    const times: number[] = [];
    for (let round = 0; round < rounds; round++) times.push(await takeOver(tools));
    verify(times.length === rounds, 'every round recovers');
    const worst = Math.max(...times);
    return {
      ours: `median ${(percentile(times, 0.5) / 1000).toFixed(2)} s, worst of ${rounds} ${(worst / 1000).toFixed(2)} s`,
      peer: '–',
      met: worst <= 2000,
    };
  },
} satisfies Case;
