import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/** A directory of its own. */
export function newDirectory(): string {
  return mkdtempSync(join(tmpdir(), 'millrace-deployer-test-'));
}

export function removeDirectory(directory: string): void {
  rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
}

/** A directory that is gone when the test ends. */
export function temporaryDirectory(): string {
  const directory = newDirectory();
  onTestFinished(() => removeDirectory(directory));
  return directory;
}
