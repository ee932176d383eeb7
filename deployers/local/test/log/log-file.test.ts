import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, existsSync, openSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { LineReader } from '../../src/log/line-reader.ts';
import { LogFile } from '../../src/log/log-file.ts';
import { temporaryDirectory } from '../temporary.ts';

function newLog(maxBytes: number, maxFiles: number) {
  const path = join(temporaryDirectory(), 'stdout_0.log');
  return { path, limits: { maxBytes, maxFiles }, log: new LogFile(path, { maxBytes, maxFiles }) };
}

function readAll(log: LogFile): string {
  const parts: Buffer[] = [];
  for (let at = log.begin; ;) {
    const { data, next } = log.read(at, 7);
    if (data.length === 0) return Buffer.concat(parts).toString();
    parts.push(data);
    at = next;
  }
}

describe('a log file', () => {
  it('that does not exist yet is empty', () => {
    const { log } = newLog(10, 1);
    expect([log.begin, log.end, readAll(log), log.tailPosition(5)]).toEqual([0, 0, '', 0]);
  });

  it('is left alone below its limit', async () => {
    const { log, path } = newLog(10, 1);
    writeFileSync(path, '123456789');
    await log.limit();
    expect([existsSync(`${path}.1`), readAll(log)]).toEqual([false, '123456789']);
  });

  it('is set aside at its limit, and positions stay valid', async () => {
    const { log, path } = newLog(10, 2);
    writeFileSync(path, 'aaaaaaaaaa\n');
    const end = log.end;
    await log.limit();
    appendFileSync(path, 'bbb\n');
    expect([statSync(path).size, readFileSync(`${path}.1`, 'utf8')]).toEqual([4, 'aaaaaaaaaa\n']);
    expect(log.read(end, 100).data.toString()).toBe('bbb\n');
  });

  it('keeps so many files and no more, and reads across them', async () => {
    const { log, path } = newLog(4, 2);
    for (const text of ['aaa\n', 'bbb\n', 'ccc\n', 'ddd\n']) {
      appendFileSync(path, text);
      await log.limit();
    }
    appendFileSync(path, 'eee\n');
    expect(readAll(log)).toBe('ccc\nddd\neee\n');
    expect([existsSync(`${path}.2`), existsSync(`${path}.3`), existsSync(`${path}.part`)]).toEqual([true, false, false]);
  });

  it('keeps nothing beside it where nothing is to be kept', async () => {
    const { log, path } = newLog(4, 0);
    writeFileSync(path, 'aaaa\n');
    await log.limit();
    expect([statSync(path).size, existsSync(`${path}.1`)]).toEqual([0, false]);
  });

  it('keeps the end of a file that has grown far beyond its limit', async () => {
    const { log, path } = newLog(1_000_000, 1);
    writeFileSync(path, `${'x'.repeat(3_000_000)}end\n`);
    await log.limit();
    expect(statSync(`${path}.1`).size).toBe(2_000_000);
    expect(readFileSync(`${path}.1`, 'utf8').endsWith('xend\n')).toBe(true);
  });

  it('has the same text for whoever opens it later', async () => {
    const { log, path, limits } = newLog(4, 2);
    for (const text of ['aaa\n', 'bbb\n', 'cc\n']) {
      appendFileSync(path, text);
      await log.limit();
    }
    const later = new LogFile(path, limits);
    expect([readAll(later), later.end - later.begin]).toEqual(['aaa\nbbb\ncc\n', 11]);
  });

  it('doubles and mixes up nothing of a process that keeps writing', async () => {
    const { log, path } = newLog(100_000, 50);
    const program = `let n = 0; const timer = setInterval(() => { for (let i = 0; i < 100; i++) require('fs').writeSync(1, 'line ' + ++n + '\\n'); if (n >= 60000) clearInterval(timer); }, 1);`;
    const writer = spawn(process.execPath, ['-e', program], { stdio: ['ignore', openSync(path, 'a'), 'inherit'] });
    const limiting = setInterval(() => void log.limit(), 5);
    await once(writer, 'exit');
    clearInterval(limiting);
    const lines = readAll(log).trimEnd().split('\n');
    expect(existsSync(`${path}.3`)).toBe(true);
    // What is written between the last look and the cut is lost, which on a busy machine may be some lines at each of ten times.
    expect(60_000 - new Set(lines).size).toBeLessThan(3000);
    expect(lines.every((line) => /^line \d+$/.test(line) || line === lines[0])).toBe(true);
    expect(lines.length - new Set(lines).size).toBe(0);
  });
});

describe('the last lines of a log', () => {
  it.each([
    ['a\nb\nc\n', 2, ['b', 'c']],
    ['a\nb\nc', 2, ['b', 'c']],
    ['a\nb\nc\n', 9, ['a', 'b', 'c']],
    ['a\nb\nc\n', 0, []],
    ['\n\n\n', 2, ['', '']],
    ['a\nb\n', Infinity, ['a', 'b']],
    ['', 3, []],
    ['a\r\nb\r\n', 2, ['a', 'b']],
  ] as const)('of %j, %d of them, are %j', (text, count, expected) => {
    const { log, path } = newLog(1000, 1);
    writeFileSync(path, text);
    const reader = new LineReader(log, count);
    expect([...reader.next(), ...reader.last()]).toEqual(expected);
  });

  it('reach into what was set aside', async () => {
    const { log, path } = newLog(6, 3);
    for (const text of ['one\ntwo\n', 'three\nfour\n', 'five\n']) {
      appendFileSync(path, text);
      await log.limit();
    }
    const reader = new LineReader(log, 3);
    const lines: string[] = [];
    for (let some = reader.next(); some.length > 0; some = reader.next()) lines.push(...some);
    expect(lines).toEqual(['three', 'four', 'five']);
  });
});

describe('a line reader', () => {
  it('waits for the end of a line and of a character', () => {
    const { log, path } = newLog(1000, 1);
    const bytes = Buffer.from('größe\n');
    writeFileSync(path, bytes.subarray(0, 3));
    const reader = new LineReader(log, Infinity);
    expect(reader.next()).toEqual([]);
    appendFileSync(path, bytes.subarray(3));
    expect(reader.next()).toEqual(['größe']);
  });

  it('goes on in the new file when the old one was set aside', async () => {
    const { log, path } = newLog(4, 1);
    writeFileSync(path, 'aaa\n');
    const reader = new LineReader(log, Infinity);
    expect(reader.next()).toEqual(['aaa']);
    appendFileSync(path, 'bbb\n');
    await log.limit();
    appendFileSync(path, 'ccc\n');
    expect([...reader.next(), ...reader.next()]).toEqual(['bbb', 'ccc']);
  });

  it('cuts what has no line break for too long', () => {
    const { log, path } = newLog(10_000_000, 1);
    writeFileSync(path, 'x'.repeat(200_000));
    const reader = new LineReader(log, Infinity);
    const lines: string[] = [];
    for (let some = reader.next(); some.length > 0; some = reader.next()) lines.push(...some);
    expect([...lines, ...reader.last()].join('').length).toBe(200_000);
    expect(lines.length).toBeGreaterThan(1);
  });
});
