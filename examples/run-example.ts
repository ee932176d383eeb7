import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const flags = ['--conditions=development', '--disable-warning=ExperimentalWarning'];

/** Runs an example as its own program on a fresh data directory and resolves with what it printed. Rejects unless it exits with 0. */
export async function runExample(file: string, ...args: readonly string[]): Promise<string> {
  const dataDir = await mkdtemp(join(tmpdir(), 'millrace-example-'));
  try {
    const path = join(import.meta.dirname, file);
    const { stdout } = await promisify(execFile)(process.execPath, [...flags, path, '--data-dir', dataDir, ...args], {
      timeout: 60_000,
    });
    return stdout;
  } finally {
    await rm(dataDir, { recursive: true, force: true });
  }
}

export { flags as nodeFlags };
