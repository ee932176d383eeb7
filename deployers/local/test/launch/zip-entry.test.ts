import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { readZipEntry } from '../../src/launch/zip-entry.ts';
import { temporaryDirectory } from '../temporary.ts';
import { zip } from './zip.ts';

function archive(entries: Readonly<Record<string, string>>, comment = ''): string {
  const path = join(temporaryDirectory(), 'a.zip');
  writeFileSync(path, zip(entries, comment));
  return path;
}

it('reads a packed and a plain entry', () => {
  const path = archive({ 'META-INF/MANIFEST.MF': 'Main-Class: a.B\n', 'plain!': 'as it is' });
  expect(readZipEntry(path, 'META-INF/MANIFEST.MF')?.toString()).toBe('Main-Class: a.B\n');
  expect(readZipEntry(path, 'plain!')?.toString()).toBe('as it is');
});

it('finds the list of files before a comment', () => {
  expect(readZipEntry(archive({ a: 'x' }, 'a comment'), 'a')?.toString()).toBe('x');
});

it('says when there is no such entry', () => expect(readZipEntry(archive({ a: 'x' }), 'b')).toBeUndefined());

it.each(['', 'no archive', 'PK\u0005\u0006'])('refuses %j', (text) => {
  const path = join(temporaryDirectory(), 'a.zip');
  writeFileSync(path, text);
  expect(() => readZipEntry(path, 'a')).toThrow();
});

it('refuses an archive that ends too early', () => {
  const path = join(temporaryDirectory(), 'a.zip');
  const whole = zip({ a: 'x'.repeat(500) });
  writeFileSync(path, whole.subarray(300));
  expect(() => readZipEntry(path, 'a')).toThrow();
});
