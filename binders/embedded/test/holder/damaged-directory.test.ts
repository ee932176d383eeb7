import { readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { embeddedBinder } from '../../src/index.ts';
import { bytes, message, text } from '../support.ts';
import { temporaryFolder } from './processes.ts';

let folder: ReturnType<typeof temporaryFolder>;
let dataDir: string;
let segment: string;

beforeEach(() => {
  folder = temporaryFolder();
  dataDir = join(folder.path, 'data');
  segment = join(dataDir, 'journal', '0000000001.log');
});
afterEach(() => folder.remove());

async function opened() {
  const binder = embeddedBinder({ dataDir });
  await binder.open();
  return binder;
}

type Binder = Awaited<ReturnType<typeof opened>>;

async function use<T>(work: (binder: Binder) => Promise<T>): Promise<T> {
  const binder = await opened();
  try {
    return await work(binder);
  } finally {
    await binder.close();
  }
}

async function payloads(binder: Binder, destination: string, from = 0): Promise<readonly (string | undefined)[]> {
  return (await binder.log!.read(destination, 0, from)).messages.map(({ payload }) => text(payload)?.trim());
}

/** Overwrites where the text stands in the journal's first segment. */
function spoil(content: string): void {
  const file = readFileSync(segment);
  const at = file.indexOf(content);
  expect(at).toBeGreaterThan(0);
  writeFileSync(segment, file.fill(0xa5, at, at + content.length));
}

describe('a damaged data directory', () => {
  it('F7: serves what follows the damage although the catalogue was hit, and takes no number twice', async () => {
    await use(async (binder) => {
      await binder.bindProducer('b');
      await (await binder.bindProducer('a')).send([message('lost'.padEnd(4000))]);
    });
    await use(async (binder) => {
      for (const name of ['a', 'b']) await (await binder.bindProducer(name)).send([message('kept')]);
      await (await binder.bindConsumer('a', 'g')).close();
    });
    writeFileSync(segment, readFileSync(segment).fill(0xa5, 0, 4096));
    await use(async (binder) => {
      await expect(binder.log!.read('a', 0, 0)).rejects.toMatchObject({
        code: 'DATA_LOSS',
        message: expect.stringContaining("offsets 0 to 1 of partition 0 of 'a'") as string,
      });
      expect(await payloads(binder, 'a', 1)).toEqual(['kept']);
      expect(await payloads(binder, 'b')).toEqual(['kept']);
      await (await binder.bindProducer('new')).send([message('x')]);
      expect(await payloads(binder, 'new')).toEqual(['x']);
      expect(await binder.diagnose!()).toContainEqual(
        expect.objectContaining({ status: 'failed', detail: expect.stringContaining('the catalogue of destinations') as string }),
      );
    });
  });

  it('refuses a region that lost changes, by name, until it is deleted; others serve', async () => {
    await use(async (binder) => {
      const region = await binder.region!.open('r');
      await region.apply([{ key: 'k', value: bytes('old') }]);
      await region.apply([{ key: 'k', value: bytes('a value to spoil') }]);
      await (await binder.region!.open('whole')).apply([{ key: 'k', value: bytes('v') }]);
    });
    spoil('a value to spoil');
    await use(async (binder) => {
      await expect(binder.region!.open('r')).rejects.toMatchObject({ code: 'DATA_LOSS', reason: 'DESTINATION_DAMAGED' });
      expect(text((await (await binder.region!.open('whole')).get(['k']))[0]!.value)).toBe('v');
      expect((await binder.provisioner.list()).map(({ name }) => name).toSorted()).toEqual(['r', 'whole']);
      await binder.provisioner.delete('r');
      expect((await (await binder.region!.open('r')).get(['k']))[0]?.value).toBeUndefined();
    });
  });

  it('is refused when its journal is gone, instead of looking new', async () => {
    await use(async (binder) => (await binder.bindProducer('a')).send([message('x')]));
    for (const name of readdirSync(join(dataDir, 'journal'))) rmSync(join(dataDir, 'journal', name), { recursive: true });
    await expect(opened()).rejects.toMatchObject({ code: 'DATA_LOSS', reason: 'JOURNAL_GONE' });
    rmSync(join(dataDir, 'journal'), { recursive: true });
    await expect(opened()).rejects.toMatchObject({ code: 'DATA_LOSS', reason: 'JOURNAL_GONE' });
  });
});
