import { appendFileSync, existsSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { AppMessage } from '../../src/runtime/message.ts';
import { memoryPositions } from '../../src/runtime/positions.ts';
import { file } from '../../src/sources/file.ts';
import { directory, source } from '../harness.ts';

const payloads = (messages: readonly AppMessage[]) => messages.map((message) => message.payload);
const once = { 'file.supplier.once': 'true' };

function folder(files: Record<string, string>): string {
  const path = directory();
  for (const [name, content] of Object.entries(files)) writeFileSync(join(path, name), content);
  return path;
}

describe('file source', () => {
  it('emits contents as bytes with the headers of the file', async () => {
    const path = folder({ 'b.txt': 'two', 'a.txt': 'one' });
    const { seen, ended } = source(file, { 'file.supplier.directory': path, ...once });
    await ended;
    expect(seen.map((message) => message.text())).toEqual(['one', 'two']);
    expect(seen[0]).toMatchObject({ contentType: 'application/octet-stream' });
    expect(seen[0]!.payload).toBeInstanceOf(Uint8Array);
    expect(seen[0]!.headers).toEqual({ file_name: 'a.txt', file_originalFile: join(path, 'a.txt'), file_relativePath: 'a.txt' });
  });

  it('emits lines with sequence numbers, across chunks, whatever ends them', async () => {
    const long = 'x'.repeat(70_000);
    const path = folder({ 'a.txt': `one\r\n\n${long}\nß€\nlast` });
    const { seen, ended } = source(file, { 'file.supplier.directory': path, 'file.consumer.mode': 'lines', ...once });
    await ended;
    expect(payloads(seen)).toEqual(['one', '', long, 'ß€', 'last']);
    expect(seen.map((message) => message.headers['sequenceNumber'])).toEqual([1, 2, 3, 4, 5]);
    expect(new Set(seen.map((message) => message.headers['correlationId'])).size).toBe(1);
    expect(seen[0]).toMatchObject({ contentType: 'text/plain', headers: { sequenceSize: 0 } });
  });

  it('puts markers around lines', async () => {
    const path = folder({ 'a.txt': 'one\ntwo\n' });
    const options = {
      'file.supplier.directory': path,
      'file.consumer.mode': 'lines',
      'file.consumer.with-markers': 'true',
      ...once,
    };
    const { seen, ended } = source(file, options);
    await ended;
    expect(seen.map((message) => message.headers['file_marker'])).toEqual(['START', undefined, undefined, 'END']);
    expect(seen[3]!.json()).toEqual({ filePath: join(path, 'a.txt'), mark: 'END', lineCount: 2 });
  });

  it('emits paths as JSON text', async () => {
    const path = folder({ 'a.txt': 'one' });
    const { seen, ended } = source(file, { 'file.supplier.directory': path, 'file.consumer.mode': 'ref', ...once });
    await ended;
    expect(seen[0]!.json()).toBe(join(path, 'a.txt'));
  });

  it.each([
    [{ 'file.supplier.filename-pattern': '*.csv' }, ['a.csv', 'bb.csv']],
    [{ 'file.supplier.filename-pattern': '?.csv' }, ['a.csv']],
    [{ 'file.supplier.filename-regex': 'b+\\.\\w+' }, ['bb.csv']],
  ])('reads only files that match %j', async (filter, names) => {
    const path = folder({ 'a.csv': '', 'bb.csv': '', 'a.txt': '', '.hidden': '', 'c.csv.tmp': '' });
    const { seen, ended } = source(file, { 'file.supplier.directory': path, ...filter, ...once });
    await ended;
    expect(seen.map((message) => message.headers['file_name'])).toEqual(names);
  });

  it('keeps polling, reads new and changed files and no file twice', async () => {
    const path = folder({ 'a.txt': 'one' });
    const { seen, count } = source(file, { 'file.supplier.directory': path, 'file.supplier.delay-when-empty': '5' });
    await count(1);
    writeFileSync(join(path, 'b.txt'), 'two');
    await count(2);
    writeFileSync(join(path, 'a.txt'), 'changed');
    await count(3);
    expect(seen.map((message) => message.text())).toEqual(['one', 'two', 'changed']);
  });

  it('makes and watches a directory that is missing, unless it is to be read once', async () => {
    const path = directory();
    const missing = join(path, 'not', 'there');
    const reading = source(file, { 'file.supplier.directory': missing, ...once });
    await expect(reading.ended).rejects.toMatchObject({ code: 'NOT_FOUND', reason: 'DIRECTORY_MISSING' });
    source(file, { 'file.supplier.directory': missing });
    await expect.poll(() => existsSync(missing)).toBe(true);
    writeFileSync(join(path, 'a-file'), '');
    const wrong = source(file, { 'file.supplier.directory': join(path, 'a-file') });
    await expect(wrong.ended).rejects.toMatchObject({ reason: 'DIRECTORY_UNREADABLE' });
  });

  it('reads files again where duplicates are allowed', async () => {
    const path = folder({ 'a.txt': 'one' });
    const options = { 'file.supplier.prevent-duplicates': 'false', 'file.supplier.delay-when-empty': '1' };
    const { count } = source(file, { 'file.supplier.directory': path, ...options });
    await count(3);
  });

  it('does not count a file as read before the pipeline is done with it', async () => {
    const path = folder({ 'a.txt': 'one' });
    const positions = memoryPositions();
    const first = source(
      file,
      { 'file.supplier.directory': path, ...once },
      { positions, take: () => Promise.reject(new Error('no')) },
    );
    await expect(first.ended).rejects.toThrow('no');
    const second = source(file, { 'file.supplier.directory': path, ...once }, { positions });
    await second.ended;
    expect(second.seen).toHaveLength(1);
    const third = source(file, { 'file.supplier.directory': path, ...once }, { positions });
    await third.ended;
    expect(third.seen).toHaveLength(0);
  });

  it('goes on behind the last line that was done when it starts again', async () => {
    const lines = Array.from({ length: 60_000 }, (_, index) => `line ${index}`);
    const path = folder({ 'a.txt': `${lines.join('\n')}\n` });
    const options = { 'file.supplier.directory': path, 'file.consumer.mode': 'lines', ...once };
    const positions = memoryPositions();
    let batches = 0;
    const first = source(file, options, {
      positions,
      take: () => (++batches > 2 ? Promise.reject(new Error('no')) : undefined),
    });
    await expect(first.ended).rejects.toThrow('no');
    const second = source(file, options, { positions });
    await second.ended;
    const start = lines.length - second.seen.length;
    expect(start).toBeGreaterThan(0);
    expect(payloads(second.seen)).toEqual(lines.slice(start));
    expect(second.seen[0]!.headers['sequenceNumber']).toBe(start + 1);
  });

  it('names the store that it does not have', async () => {
    const { ended } = source(file, { 'metadata.store.type': 'redis' });
    await expect(ended).rejects.toMatchObject({ reason: 'UNSUPPORTED_OPTION', code: 'UNSUPPORTED' });
  });
});

describe('file source, following a file', () => {
  const fast = { 'file.supplier.tailer.polling-delay': '2', 'file.supplier.tailer.attempts-delay': '2' };

  it('emits lines appended after the start, once they are complete, also after rotation', async () => {
    const path = join(folder({ 'log.txt': 'old\n' }), 'log.txt');
    const { seen, count } = source(file, { 'file.supplier.tail': path, 'file.supplier.tailer.end': 'false', ...fast });
    await count(1);
    appendFileSync(path, 'new\npar');
    await count(2);
    appendFileSync(path, 'tial\n');
    await count(3);
    renameSync(path, `${path}.1`);
    writeFileSync(path, 'rotated\n');
    await count(4);
    expect(payloads(seen)).toEqual(['old', 'new', 'partial', 'rotated']);
  });

  it('starts at the end, and waits for a file that is not there yet', async () => {
    const base = folder({});
    const path = join(base, 'log.txt');
    writeFileSync(path, 'old\n');
    const first = source(file, { 'file.supplier.tail': path, ...fast });
    const second = source(file, { 'file.supplier.tail': join(base, 'later.txt'), 'file.supplier.tailer.end': 'false', ...fast });
    await new Promise((resolve) => setTimeout(resolve, 20));
    appendFileSync(path, 'new\n');
    writeFileSync(join(base, 'later.txt'), 'first\n');
    await Promise.all([first.count(1), second.count(1)]);
    expect(payloads(first.seen)).toEqual(['new']);
    expect(payloads(second.seen)).toEqual(['first']);
  });

  it('ends at the end of the file with once', async () => {
    const path = join(folder({ 'log.txt': 'a\nb\n' }), 'log.txt');
    const { seen, ended } = source(file, { 'file.supplier.tail': path, ...once });
    await ended;
    expect(payloads(seen)).toEqual(['a', 'b']);
  });
});
