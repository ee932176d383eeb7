import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { embeddedBinder } from '../../src/index.ts';
import { text } from '../support.ts';
import { ClientProcess, temporaryFolder } from './processes.ts';

let folder: ReturnType<typeof temporaryFolder>;
let processes: ClientProcess[] = [];
beforeEach(() => {
  folder = temporaryFolder();
});
afterEach(async () => {
  await Promise.all(processes.map((one) => one.kill('SIGKILL')));
  processes = [];
  folder.remove();
});

async function start(name: string): Promise<ClientProcess> {
  const one = new ClientProcess(join(folder.path, 'data'), name);
  processes.push(one);
  await one.ready;
  return one;
}

/** Every message that is stored, by partition, and those that the group has acknowledged, read by one that was not there before. */
async function stored(): Promise<{ readonly partitions: readonly string[][]; readonly done: readonly string[] }> {
  const binder = embeddedBinder({ dataDir: join(folder.path, 'data') });
  await binder.open();
  const partitions: string[][] = [];
  const done: string[] = [];
  const committed = await binder.log!.committed('t', 'g');
  for (const { partition, earliest, next } of await binder.log!.partitions('t')) {
    const found: string[] = [];
    for (let from = earliest; from < next;) {
      const slice = await binder.log!.read('t', partition, from);
      found.push(...slice.messages.map(({ payload }) => text(payload)!));
      from = slice.next;
    }
    partitions.push(found);
    done.push(...found.slice(0, committed.get(partition) ?? 0));
  }
  await binder.close();
  return { partitions, done };
}

/** What must hold whoever died: nothing acknowledged is lost, nothing is there twice, and each producer's order is kept. */
async function verify(survivors: readonly ClientProcess[]): Promise<void> {
  const { partitions, done } = await stored();
  const all = partitions.flat();
  const unique = new Set(all);
  expect(all.length - unique.size).toBe(0);
  expect(processes.flatMap(({ sent }) => sent).filter((id) => !unique.has(id))).toEqual([]);
  for (const partition of partitions) {
    const last = new Map<string, number>();
    for (const id of partition) {
      const [name, , number] = id.split('.') as [string, string, string];
      expect(Number(number)).toBeGreaterThan(last.get(name) ?? -1);
      last.set(name, Number(number));
    }
  }
  expect(survivors.flatMap(({ failed }) => failed)).toEqual([]);
  // Whoever acknowledged it, somebody had it in hands before.
  const got = new Set(processes.flatMap((one) => one.got));
  expect(done.filter((id) => !got.has(id))).toEqual([]);
}

describe('when the process that holds the directory', () => {
  it('is killed under load, the others go on and nothing acknowledged is lost or doubled', async () => {
    const holder = await start('holder');
    const others = await Promise.all(['a', 'b', 'c'].map(start));
    await Promise.all([holder, ...others].map((one) => one.progress(50)));
    await holder.kill('SIGKILL');
    await Promise.all(others.map((one) => one.progress(100)));
    await Promise.all(others.map((one) => one.stop()));
    await verify(others);
  }, 60_000);

  it('and the next one and the next one are killed, the last goes on alone', async () => {
    const [a, b, c] = [await start('a'), await start('b'), await start('c')];
    for (const victim of [a, b]) {
      await c.progress(20);
      await victim.kill('SIGKILL');
    }
    await c.progress(100);
    await c.stop();
    await verify([c]);
  }, 60_000);

  it('closes, it hands over without a failure or a message twice', async () => {
    const holder = await start('holder');
    const others = await Promise.all(['a', 'b'].map(start));
    await Promise.all([holder, ...others].map((one) => one.progress(50)));
    await holder.stop();
    await Promise.all(others.map((one) => one.progress(100)));
    await Promise.all(others.map((one) => one.stop()));
    await verify([holder, ...others]);
  }, 60_000);

  it('gets SIGTERM, the others go on', async () => {
    const holder = await start('holder');
    const other = await start('a');
    await holder.progress(20);
    await holder.kill('SIGTERM');
    await other.progress(100);
    await other.stop();
    await verify([other]);
  }, 60_000);
});

describe('a process that uses a directory held by another', () => {
  it('can die without disturbing it, and its partitions go to the others', async () => {
    const holder = await start('holder');
    const other = await start('a');
    await Promise.all([holder, other].map((one) => one.progress(30)));
    await other.kill('SIGKILL');
    await holder.progress(200);
    await holder.stop();
    await verify([holder]);
  }, 60_000);
});
