import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeDirectory } from '@millrace/core/files';
import { afterAll, describe, expect, it } from 'vitest';

const work = mkdtempSync(join(tmpdir(), 'millrace-files-'));
afterAll(() => rmSync(work, { recursive: true }));

describe('makeDirectory', () => {
  it('makes what is missing above it, and is content with what is there', () => {
    const path = join(work, 'a', 'b', 'c');
    makeDirectory(path, 0o700);
    makeDirectory(path);
    expect(statSync(path).mode & 0o777).toBe(0o700);
  });

  it('fails where a file is in the way', () => {
    writeFileSync(join(work, 'file'), '');
    expect(() => makeDirectory(join(work, 'file'))).toThrow('EEXIST');
    expect(() => makeDirectory(join(work, 'file', 'below', 'it'))).toThrow('ENOTDIR');
  });

  it.runIf(existsSync('/proc/self'))('fails where nothing can be made, instead of trying for ever', () => {
    expect(() => makeDirectory('/proc/nothing')).toThrow('ENOENT');
    expect(() => makeDirectory('/proc/nothing/below/it')).toThrow('ENOENT');
  });
});
