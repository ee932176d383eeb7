import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, globSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const sources = join(import.meta.dirname, '../spring');

/** The binder modules of Spring Cloud Stream. */
export type SpringBinder = 'kafka' | 'rabbit';

/** Where the jars of a binder are, named `<module>-<binder>.jar`. Changed sources have another place. */
export function jarFolder(binder: SpringBinder): string {
  const cache = process.env['MILLRACE_CACHE'] ?? join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'millrace');
  return join(cache, 'interop', `${binder}-${digest()}`);
}

/** Builds the jars of a binder unless that was done before. Throws with what Maven printed. */
export async function buildJars(binder: SpringBinder, onProgress: (text: string) => void): Promise<void> {
  const folder = jarFolder(binder);
  if (existsSync(folder)) return;
  onProgress(`building the Spring applications for ${binder}; the first time also fetches what they need`);
  const work = mkdtempSync(join(tmpdir(), 'millrace-interop-'));
  try {
    const project = join(work, 'spring');
    cpSync(sources, project, { recursive: true, filter: isSource });
    await maven(
      ['-q', '-B', '-Dstyle.color=never', `-Dbinder=${binder}`, `-Dbuild.folder=${join(work, 'target')}`, 'package'],
      project,
    );
    publish(join(work, 'target'), folder);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

async function maven(args: readonly string[], cwd: string): Promise<void> {
  try {
    await promisify(execFile)('mvn', args, { cwd, maxBuffer: 2 ** 26 });
  } catch (error) {
    const { stdout = '', stderr = '', message } = error as { stdout?: string; stderr?: string; message: string };
    throw new Error(`Maven could not build the Spring applications: ${message}\n${stdout}${stderr}`.slice(0, 6000), {
      cause: error,
    });
  }
}

// Two may build at the same time; the first one's folder stays.
function publish(target: string, folder: string): void {
  const made = `${folder}.${process.pid}`;
  mkdirSync(made, { recursive: true });
  for (const jar of globSync('*/*.jar', { cwd: target })) cpSync(join(target, jar), join(made, jar.split('/').at(-1)!));
  if (existsSync(folder)) rmSync(made, { recursive: true });
  else renameSync(made, folder);
}

function digest(): string {
  const hash = createHash('sha256');
  for (const file of globSync('**/*', { cwd: sources }).toSorted()) {
    const path = join(sources, file);
    if (isSource(path) && statSync(path).isFile()) hash.update(file).update('\0').update(readFileSync(path));
  }
  return hash.digest('hex').slice(0, 16);
}

function isSource(path: string): boolean {
  return !path.slice(sources.length).split('/').includes('target');
}
