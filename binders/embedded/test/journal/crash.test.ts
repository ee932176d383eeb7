import { describe, expect, it } from 'vitest';
import { FaultDisk, PowerCut, seededRandom } from '../../src/journal/fault-disk.ts';
import { decodeRecords } from '../../src/records/records.ts';
import { batch, contents, openOn, seeds } from './support.ts';

/** What was acknowledged, per stream, and what may or may not be there: the commit in which the power went. */
interface Books {
  readonly acknowledged: Map<number, string[]>;
  pending: Map<number, string[]>;
  readonly truncated: Map<number, number>;
}

function emptyBooks(): Books {
  return { acknowledged: new Map([1, 2, 3].map((id) => [id, []])), pending: new Map(), truncated: new Map() };
}

/** Works at random until the power goes. */
function workUntilCut(disk: FaultDisk, books: Books, random: () => number): void {
  const journal = openOn(disk, 2048);
  journal.setPolicy(3, { compact: false });
  for (let step = 0; step < 120; step++) {
    const choice = random();
    if (choice < 0.75) commitSome(journal, books, random, step);
    else if (choice < 0.85) truncateSome(journal, books, random);
    else journal.maintain();
  }
  journal.close();
}

type Journal = ReturnType<typeof openOn>;

function commitSome(journal: Journal, books: Books, random: () => number, step: number): void {
  const streams = [1, 2, 3].filter(() => random() < 0.5);
  if (streams.length === 0) return;
  const size = 1 + Math.floor(random() * 300);
  books.pending = new Map(streams.map((id) => [id, [`${id}-${step}-${books.acknowledged.get(id)!.length}`.padEnd(size, '.')]]));
  const offsets = journal.commit(streams.map((id) => batch(id, books.pending.get(id)!)));
  streams.forEach((id, index) => expect(offsets[index]).toBe(books.acknowledged.get(id)!.length));
  for (const [id, texts] of books.pending) books.acknowledged.get(id)!.push(...texts);
  books.pending = new Map();
}

function truncateSome(journal: Journal, books: Books, random: () => number): void {
  const id = 1 + Math.floor(random() * 3);
  const offset = Math.floor(books.acknowledged.get(id)!.length * random());
  books.truncated.set(id, Math.max(offset, books.truncated.get(id) ?? 0));
  journal.truncate(id, offset);
}

/** D O U G V: everything acknowledged is there at its offset, in order, once, without gaps; nothing was invented; the pending commit is there wholly or not at all. */
function verify(journal: Journal, books: Books): void {
  expect(journal.damage).toEqual([]);
  const present = new Set<boolean>();
  for (const [id, texts] of books.acknowledged) {
    const pending = books.pending.get(id) ?? [];
    const { earliest, next } = journal.bounds(id);
    expect([texts.length, texts.length + pending.length]).toContain(next);
    if (pending.length > 0) present.add(next > texts.length);
    expect(earliest).toBeLessThanOrEqual(books.truncated.get(id) ?? 0);
    const expected = [...texts, ...pending].slice(0, next).map((text, offset) => `${offset}:${text}`);
    expect(contents(journal, id)).toEqual(expected.slice(earliest));
    // A later life goes on from what is there.
    texts.push(...pending.slice(0, next - texts.length));
  }
  expect(present.size).toBeLessThanOrEqual(1);
  books.pending = new Map();
}

describe('a power cut', () => {
  it('at any operation loses nothing acknowledged, over several lives', { timeout: 600_000 }, () => {
    for (let seed = 0; seed < seeds; seed++) {
      const random = seededRandom(seed);
      const books = emptyBooks();
      let disk = new FaultDisk();
      try {
        for (let life = 0; life < 3; life++) {
          const cut = 1 + Math.floor(random() * 400);
          disk.plan = (_operation, _name, count) => (count === cut ? 'crash' : undefined);
          try {
            workUntilCut(disk, books, random);
            disk.cutPower();
          } catch (error) {
            if (!(error instanceof PowerCut)) throw error;
          }
          disk = disk.restart(seed * 31 + life);
          const journal = openOn(disk, 2048);
          verify(journal, books);
          journal.close();
        }
      } catch (error) {
        throw new Error(`seed ${seed}: ${(error as Error).message}`, { cause: error });
      }
    }
  });

  it('during recovery is recovered from as well', { timeout: 600_000 }, () => {
    for (let seed = 0; seed < seeds / 5; seed++) {
      const random = seededRandom(seed);
      const books = emptyBooks();
      let disk = new FaultDisk();
      disk.plan = (_operation, _name, count) => (count === 200 ? 'crash' : undefined);
      try {
        workUntilCut(disk, books, random);
      } catch (error) {
        if (!(error instanceof PowerCut)) throw error;
      }
      disk.cutPower();
      for (let cut = 1; cut < 12; cut++) {
        disk = disk.restart(seed + cut);
        const at = cut;
        disk.plan = (_operation, _name, count) => (count === at ? 'crash' : undefined);
        try {
          openOn(disk, 2048).close();
        } catch (error) {
          if (!(error instanceof PowerCut)) throw error;
        }
        disk.cutPower();
      }
      disk = disk.restart(seed);
      verify(openOn(disk, 2048), books);
    }
  });
});

describe('F21: a power cut during compaction, retention or the roll of a segment', () => {
  it('never takes the last message of a key', { timeout: 600_000 }, () => {
    for (let seed = 0; seed < seeds / 2; seed++) {
      const random = seededRandom(seed);
      const last = new Map<string, string>();
      let pending: readonly [key: string, text: string] | undefined;
      let disk = new FaultDisk();
      for (let life = 0; life < 3; life++) {
        const cut = 1 + Math.floor(random() * 500);
        disk.plan = (_operation, _name, count) => (count === cut ? 'crash' : undefined);
        try {
          const journal = compacted(disk);
          for (let step = 0; step < 150; step++) {
            pending = [`k${Math.floor(random() * 8)}`, `${life}-${step}`.padEnd(60, '.')];
            journal.commit([batch(1, [pending[1]], pending[0])]);
            last.set(...pending);
            pending = undefined;
            if (random() < 0.3) journal.maintain();
          }
          journal.close();
        } catch (error) {
          if (!(error instanceof PowerCut)) throw error;
        }
        disk.cutPower();
        disk = disk.restart(seed * 31 + life);
        const journal = compacted(disk);
        const found = lastOfKeys(journal);
        // The commit under way may have made it.
        if (pending !== undefined && found.get(pending[0]) === pending[1]) last.set(...pending);
        pending = undefined;
        expect([seed, life, ...inOrder(found)]).toEqual([seed, life, ...inOrder(last)]);
        journal.close();
      }
    }
  });
});

function compacted(disk: FaultDisk): Journal {
  const journal = openOn(disk, 2048);
  journal.setPolicy(1, { compact: true });
  return journal;
}

function inOrder(last: ReadonlyMap<string, string>): readonly string[] {
  return Array.from(last, ([key, text]) => `${key}=${text}`).toSorted();
}

/** What is stored last under each key. */
function lastOfKeys(journal: Journal): Map<string, string> {
  const found = new Map<string, string>();
  const { earliest, next } = journal.bounds(1);
  for (let at = earliest; at < next;) {
    const batches = journal.read(1, at, 4000);
    if (batches.length === 0) break;
    for (const stored of batches) {
      for (const record of decodeRecords(stored)) found.set(record.key as string, Buffer.from(record.payload!).toString());
      at = stored.baseOffset + stored.count;
    }
  }
  return found;
}

describe('a failing disk', () => {
  it('F5: a flush that fails fences the journal: no acknowledgement afterwards, reads go on', () => {
    const disk = new FaultDisk();
    const journal = openOn(disk);
    journal.commit([batch(1, ['safe'])]);
    disk.plan = (operation) => (operation === 'sync' ? 'EIO' : undefined);
    expect(() => journal.commit([batch(1, ['doubtful'])])).toThrow(expect.objectContaining({ code: 'INDETERMINATE' }) as Error);
    disk.plan = () => undefined;
    expect(() => journal.commit([batch(1, ['later'])])).toThrow(expect.objectContaining({ reason: 'JOURNAL_FENCED' }) as Error);
    expect(journal.fenced).toBeDefined();
    expect(contents(journal, 1)[0]).toBe('0:safe');
  });

  it('F6: a full disk refuses the commit, keeps serving reads and works again when there is space', () => {
    const disk = new FaultDisk();
    let journal = openOn(disk, 1 << 20);
    journal.commit([batch(1, ['first'])]);
    disk.capacity = disk.free < 0 ? 0 : 40_000;
    let refused = 0;
    for (let n = 0; n < 60; n++) {
      try {
        journal.commit([batch(1, ['x'.repeat(2000)])]);
      } catch (error) {
        expect(error).toMatchObject({ code: 'RESOURCE_EXHAUSTED', retryable: true });
        refused++;
      }
    }
    expect(refused).toBeGreaterThan(0);
    const before = journal.bounds(1).next;
    expect(contents(journal, 1)).toHaveLength(before);
    disk.capacity = Number.POSITIVE_INFINITY;
    expect(journal.commit([batch(1, ['again'])])).toEqual([before]);
    journal.close();
    journal = openOn(disk, 1 << 20);
    expect(contents(journal, 1)).toHaveLength(before + 1);
    expect(contents(journal, 1).at(-1)).toBe(`${before}:again`);
  });
});

function filled(indexed = true): FaultDisk {
  const disk = new FaultDisk();
  const journal = openOn(disk, 4096);
  for (let n = 0; n < 200; n++) journal.commit([batch(1, [`${n}`.padEnd(80, '.')]), batch(2, [`${n}`.padEnd(20, '.')])]);
  if (indexed) for (let n = 0; n < 50 && journal.maintain(); n++);
  journal.close();
  return disk;
}

/** Reads one offset after the other; damaged ones are refused by name. */
function readEach(journal: Journal, stream: number): { readonly read: number; readonly refused: number } {
  let read = 0;
  let refused = 0;
  for (let offset = 0; offset < 200; offset++) {
    try {
      const [stored] = journal.read(stream, offset, 1);
      expect(stored?.baseOffset, `stream ${stream}`).toBe(offset);
      read++;
    } catch (error) {
      if ((error as Error).name === 'AssertionError') throw error;
      expect(error).toMatchObject({ code: 'DATA_LOSS' });
      refused++;
    }
  }
  return { read, refused };
}

/** The same in larger steps, which end before what is damaged. */
function collectAll(journal: Journal, stream: number): { readonly read: number; readonly refused: number } {
  let refused = 0;
  for (let offset = 0; offset < 200;) {
    try {
      const { batches, bytes } = journal.collect(stream, offset, 700);
      expect(batches[0]?.baseOffset).toBe(offset);
      expect(Buffer.concat(batches.map((stored) => stored.bytes))).toEqual(Buffer.from(bytes));
      offset += batches.length;
    } catch (error) {
      if ((error as Error).name === 'AssertionError') throw error;
      expect(error).toMatchObject({ code: 'DATA_LOSS' });
      refused++;
      offset++;
    }
  }
  return { read: 200 - refused, refused };
}

describe('files that were altered', () => {
  it('F4: a flipped bit in a sealed segment is found, reported and never skipped silently; the rest serves', () => {
    for (let seed = 0; seed < 80; seed++) {
      const disk = filled(seed % 2 === 0);
      const random = seededRandom(seed);
      const segment = disk.list().find((name) => name.endsWith('.log'));
      disk.flipBit(segment!, 200 + Math.floor(random() * 3000), Math.floor(random() * 8));
      const journal = openOn(disk, 4096);
      const one = readEach(journal, 1);
      const two = seed % 3 === 0 ? readEach(journal, 2) : collectAll(journal, 2);
      expect(one.read + one.refused + two.read + two.refused).toBe(400);
      expect(one.refused + two.refused).toBeLessThan(60);
      if (one.refused + two.refused > 0) expect(journal.damage.length).toBeGreaterThan(0);
      journal.close();
    }
  });

  it('F7: index files that are missing or corrupt are rebuilt from the log', () => {
    const before = filled();
    const indexes = before.list().filter((name) => name.endsWith('.idx'));
    expect(indexes.length).toBeGreaterThan(0);
    for (const damage of ['missing', 'corrupt'] as const) {
      const disk = filled();
      for (const name of indexes) {
        if (damage === 'missing') disk.remove(name);
        else disk.alter(name, Buffer.alloc(64, 7));
      }
      const journal = openOn(disk, 4096);
      expect(contents(journal, 1)).toHaveLength(200);
      expect(contents(journal, 2)).toHaveLength(200);
      expect(journal.damage).toEqual([]);
      journal.close();
    }
  });

  it('F4: a segment that was removed is missed, wherever it was, and what it held is refused; the rest serves', () => {
    const count = filled()
      .list()
      .filter((name) => name.endsWith('.log')).length;
    expect(count).toBeGreaterThan(4);
    for (let nth = 0; nth < count - 1; nth++) {
      const disk = filled();
      const name = disk
        .list()
        .filter((each) => each.endsWith('.log'))
        .toSorted()[nth]!;
      disk.remove(name);
      for (let life = 0; life < 3; life++) {
        const journal = openOn(disk, 4096);
        expect(journal.damage[0]).toMatchObject({ file: name, what: 'the file is missing' });
        const one = readEach(journal, 1);
        expect(one.refused).toBeGreaterThan(0);
        expect(one.read).toBeGreaterThan(100);
        // Long enough for new segments to follow, which must still know.
        if (life > 0) for (let n = 0; n < 200; n++) journal.commit([batch(3, [`${n}`.padEnd(80, '.')])]);
        journal.maintain();
        journal.close();
      }
    }
  });

  it('F4: the newest segment is missed where the one before it is known to be full', () => {
    const disk = filled();
    const [last] = disk
      .list()
      .filter((name) => name.endsWith('.log'))
      .toSorted()
      .toReversed();
    disk.remove(last!);
    for (let life = 0; life < 2; life++) {
      const journal = openOn(disk, 4096);
      expect(journal.damage[0]).toMatchObject({ file: last, what: 'the file is missing' });
      const { next } = journal.bounds(1);
      expect(next).toBeGreaterThan(100);
      expect(journal.commit([batch(1, ['more'])])).toEqual([next]);
      journal.close();
      expect(disk.list()).not.toContain(last);
    }
  });

  it('F3: a torn last frame is cut off, without touching what was acknowledged', () => {
    const disk = filled();
    const last = disk.list().findLast((name) => name.endsWith('.log'))!;
    const whole = disk.contents(last);
    const journal = openOn(disk, 4096);
    const next = journal.bounds(1).next;
    journal.close();
    disk.alter(last, whole);
    expect(contents(openOn(disk, 4096), 1)).toHaveLength(next);
  });
});
