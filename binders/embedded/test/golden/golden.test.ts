import { cpSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { formatVersion } from '../../src/holder/data-directory.ts';
import { embeddedBinder } from '../../src/index.ts';
import { text } from '../support.ts';

/** A copy of what a version wrote, so that opening it changes nothing here. */
function copyOf(format: string): string {
  const dataDir = mkdtempSync(join(tmpdir(), 'millrace-golden-'));
  onTestFinished(() => rmSync(dataDir, { recursive: true, force: true }));
  cpSync(join(import.meta.dirname, format), dataDir, { recursive: true });
  return dataDir;
}

async function opened(dataDir: string) {
  const binder = embeddedBinder({ dataDir });
  await binder.open();
  onTestFinished(() => binder.close());
  return binder;
}

const formats = globSync('format-*', { cwd: import.meta.dirname });

it('F22: there is a directory of every format so far', () => {
  expect(formats.toSorted()).toEqual(Array.from({ length: formatVersion }, (_, n) => `format-${n + 1}`));
});

describe.each(formats)('F22: a data directory of %s', (format) => {
  it('gives back its events, as they were, and where its groups stood', async () => {
    const binder = await opened(copyOf(format));
    const [even, odd] = await Promise.all([0, 1].map((partition) => binder.log!.read('events', partition, 0)));
    expect(even!.messages.map(({ payload }) => text(payload))).toEqual(['event 0', 'event 2', 'event 4', 'event 6', 'event 8']);
    expect(odd!.messages.map(({ payload }) => payload && text(payload))).toEqual([
      'event 1',
      'event 3',
      'event 5',
      null,
      'event 9',
    ]);
    const { headers, key, timestamp } = even!.messages[1]!;
    expect({ headers: { ...headers, raw: [...(headers['raw'] as Uint8Array)] }, key, timestamp }).toEqual({
      headers: { contentType: 'text/plain', n: 2, big: 2n ** 60n, list: [1, 'two', null], raw: [1, 2, 255] },
      key: 'k2',
      timestamp: 1_760_000_000_002,
    });
    expect(await binder.log!.committed('events', 'readers')).toEqual(new Map([[0, 2]]));
  });

  it('gives back its commands, entries and parked messages, and takes new ones', async () => {
    const binder = await opened(copyOf(format));
    const queue = await binder.queue!.consume('commands');
    expect((await queue.receive(10)).map(({ id }) => id)).toEqual(['c2', 'c1']);
    const region = await binder.region!.open('seats');
    const [a, b] = await region.get(['a', 'b']);
    expect([text(a!.value), b]).toEqual(['3', undefined]);
    const [parked] = await binder.parking!.list('error.events.readers', 0, 10);
    expect([text(parked!.payload), parked!.headers['x-exception-message']]).toEqual(['bad', 'no']);
    const producer = await binder.bindProducer('events');
    expect(await producer.send([{ payload: null, headers: {}, partition: 0 }])).toMatchObject([{ partition: 0, offset: 5 }]);
  });

  it('is refused by a version that does not know it, with both versions named and nothing touched', async () => {
    const dataDir = copyOf(format);
    const path = join(dataDir, 'format.json');
    writeFileSync(path, JSON.stringify({ format: formatVersion + 1, version: '9.9.9' }));
    const segment = join(dataDir, 'journal', '0000000001.log');
    const before = readFileSync(segment);
    const binder = embeddedBinder({ dataDir });
    await expect(binder.open()).rejects.toMatchObject({
      code: 'FAILED_PRECONDITION',
      message: expect.stringMatching(/9\.9\.9.*/),
    });
    await binder.close();
    expect(readFileSync(segment).equals(before)).toBe(true);
  });
});
