import { mkdirSync, readFileSync, statSync, writeFileSync, chmodSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { embeddedBinder } from '../../src/index.ts';
import { socketPath } from '../../src/holder/socket-path.ts';
import { bytes, command, message, place, text } from '../support.ts';
import { temporaryFolder } from './processes.ts';

let folder: ReturnType<typeof temporaryFolder>;
beforeEach(() => {
  folder = temporaryFolder();
});
afterEach(() => folder.remove());

async function opened(dataDir = join(folder.path, 'data')) {
  const binder = embeddedBinder({ dataDir });
  await binder.open();
  return binder;
}

/** A message that says its number all over: one that was overwritten before it was stored would differ. */
function numbered(n: number) {
  return { payload: Buffer.alloc(400, n), headers: {} };
}

describe('a data directory', () => {
  it('gives back everything after it was closed', async () => {
    const first = await opened();
    await (await first.bindProducer('t')).send([message('a'), message('b')]);
    const consumer = await first.bindConsumer('t', 'g');
    await consumer.ack((await consumer.receive(10)).slice(0, 1));
    await first.queue!.send('q', [command('x')]);
    const region = await first.region!.open('r');
    await region.apply([{ key: 'k', value: bytes('v') }]);
    await first.parking!.park('error.t.g', [message('bad')]);
    await first.close();
    const second = await opened();
    expect((await (await second.bindConsumer('t', 'g')).receive(10)).map(({ payload }) => text(payload))).toEqual(['b']);
    expect((await (await second.queue!.consume('q')).receive(10)).map(({ id }) => id)).toEqual(['x']);
    expect(text((await (await second.region!.open('r')).get(['k']))[0]!.value)).toBe('v');
    expect(await second.parking!.summary()).toEqual([{ name: 'error.t.g', count: 1 }]);
    await second.close();
  });

  it('is shared by several binders, and handed over when the first closes', async () => {
    const first = await opened();
    const second = await opened();
    const third = await opened();
    const producer = await second.bindProducer('t');
    const consumer = await third.bindConsumer('t', 'g');
    await producer.send([message('a')]);
    await consumer.ack(await consumer.receive(1));
    const region = await second.region!.open('r');
    const watch = await (await third.region!.open('r')).watch({}, { snapshot: 'values', mode: 'every' });
    expect((await watch.receive(10)).map(({ kind }) => kind)).toEqual(['live']);
    const replies = await third.queue!.openReplies();
    const queue = await third.queue!.consume('q');
    const waiting = [consumer.receive(1), watch.receive(1), replies.receive(1), queue.receive(1)] as const;
    await first.close();
    expect(place((await producer.send([message('b')]))[0])).toEqual([0, 1]);
    await region.apply([{ key: 'k', value: bytes('v') }]);
    await second.queue!.reply([{ to: replies.address, message: message('re') }]);
    await second.queue!.send('q', [command('x')]);
    const [deliveries, events, answers, commands] = await Promise.all(waiting);
    expect(deliveries.map(({ payload, redeliveries }) => [text(payload), redeliveries])).toEqual([['b', 0]]);
    expect(events.map(({ kind }) => kind)).toEqual(['created']);
    expect(answers.map(({ payload }) => text(payload))).toEqual(['re']);
    await queue.ack(commands);
    await Promise.all([second.close(), third.close()]);
    const last = await opened();
    expect(await (await last.queue!.consume('q')).depth()).toBe(0);
    await last.close();
  });

  it('keeps every byte of large batches, whose memory is used again, while the holder changes', async () => {
    const [first, second] = [await opened(), await opened()];
    const producer = await second.bindProducer('t');
    const lane = async (name: number): Promise<number> => {
      let count = 0;
      for (let n = 0; n < 30; n++) {
        const outcomes = await producer.send(Array.from({ length: 100 }, (_, i) => numbered((name + n + i) % 251)));
        count += outcomes.filter(({ error }) => error === undefined).length;
        if (name === 0 && n === 15) await first.close();
      }
      return count;
    };
    const counts = await Promise.all([0, 50, 100, 150].map(lane));
    expect(counts).toEqual([3000, 3000, 3000, 3000]);
    const seen: number[] = [];
    for (let from = 0; from < 12_000;) {
      const { messages, next } = await second.log!.read('t', 0, from);
      for (const { payload } of messages) {
        expect(payload!.every((byte) => byte === payload![0])).toBe(true);
        seen.push(payload![0]!);
      }
      from = next;
    }
    const starts: number[] = [];
    for (let at = 0; at < seen.length; at += 100) {
      starts.push(seen[at]!);
      expect(seen.slice(at, at + 100)).toEqual(Array.from({ length: 100 }, (_, i) => (seen[at]! + i) % 251));
    }
    const sent = [0, 50, 100, 150].flatMap((name) => Array.from({ length: 30 }, (_, n) => name + n));
    expect(starts.toSorted((a, b) => a - b)).toEqual(sent);
    await second.close();
  });

  it('keeps commands under way with who handles them when the holder changes', async () => {
    const [first, second, third] = [await opened(), await opened(), await opened()];
    await second.queue!.send('q', [command('x'), command('y')]);
    const handling = await second.queue!.consume('q');
    const [x] = await handling.receive(1);
    const idle = await third.queue!.consume('q');
    await first.close();
    expect((await idle.receive(10)).map(({ id }) => id)).toEqual(['y']);
    await handling.ack([x!]);
    expect(await idle.receive(10, 50)).toEqual([]);
    await Promise.all([second.close(), third.close()]);
  });

  it('is for its owner alone', async () => {
    const binder = await opened();
    const dataDir = join(folder.path, 'data');
    expect(statSync(dataDir).mode & 0o777).toBe(0o700);
    const socket = socketPath(dataDir);
    expect(statSync(socket).mode & 0o777).toBe(0o600);
    expect(statSync(join(socket, '..')).mode & 0o777).toBe(0o700);
    await binder.close();
  });

  it('works where its path is too long for a socket', async () => {
    const dataDir = join(folder.path, 'd'.repeat(120));
    expect(socketPath(dataDir).length).toBeLessThan(100);
    const [first, second] = [await opened(dataDir), await opened(dataDir)];
    await (await second.bindProducer('t')).send([message('a')]);
    expect((await first.log!.read('t', 0, 0)).messages).toHaveLength(1);
    await Promise.all([first.close(), second.close()]);
  });

  it('of a newer version is refused, naming both', async () => {
    const dataDir = join(folder.path, 'data');
    await (await opened()).close();
    expect(JSON.parse(readFileSync(join(dataDir, 'format.json'), 'utf8'))).toMatchObject({ format: 1 });
    writeFileSync(join(dataDir, 'format.json'), '{"format":99,"version":"7.0.0"}');
    await expect(opened()).rejects.toMatchObject({ code: 'FAILED_PRECONDITION', reason: 'FORMAT_NEWER' });
    await expect(opened()).rejects.toThrow('7.0.0');
    writeFileSync(join(dataDir, 'format.json'), 'nonsense');
    await expect(opened()).rejects.toMatchObject({ code: 'DATA_LOSS' });
  });

  it('that cannot be used is refused with the reason', async () => {
    const file = join(folder.path, 'file');
    writeFileSync(file, '');
    await expect(opened(file)).rejects.toMatchObject({ reason: 'DIRECTORY_IS_FILE' });
    await expect(opened(join(file, 'below'))).rejects.toMatchObject({ reason: 'DIRECTORY_IS_FILE' });
  });

  // Root may write everywhere.
  it.skipIf(process.getuid?.() === 0)('that cannot be written is refused with the reason', async () => {
    const readOnly = join(folder.path, 'read-only');
    mkdirSync(readOnly);
    chmodSync(readOnly, 0o500);
    await expect(opened(readOnly)).rejects.toMatchObject({ code: 'PERMISSION_DENIED' });
  });
});

describe('an embedded binder', () => {
  it('does nothing before it is opened, nor after it is closed', async () => {
    const binder = embeddedBinder({ dataDir: join(folder.path, 'data') });
    await expect(binder.bindProducer('t')).rejects.toMatchObject({ reason: 'NOT_OPEN' });
    await binder.open();
    await binder.close();
    await binder.close();
    await expect(binder.bindProducer('t')).rejects.toMatchObject({ code: 'CANCELLED' });
    await expect(binder.open()).rejects.toMatchObject({ code: 'CANCELLED' });
  });

  it('settles sends that are under way when it closes', async () => {
    const binder = await opened();
    const producer = await binder.bindProducer('t');
    const sending = Array.from({ length: 300 }, (_, i) => producer.send([message(String(i))]));
    await binder.close();
    const outcomes = (await Promise.all(sending)).flat();
    expect(outcomes.filter(({ error }) => error !== undefined)).toEqual([]);
    const again = await opened();
    expect((await again.log!.partitions('t'))[0]!.next).toBe(300);
    await again.close();
  });
});
