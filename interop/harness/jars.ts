import { execFile } from 'node:child_process';
import { cpSync, existsSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, relative } from 'node:path';
import { promisify } from 'node:util';
import { cachedFolder, keep } from './cache.ts';

const sources = join(import.meta.dirname, '../spring');

/** The binder modules of Spring Cloud Stream. */
export type SpringBinder = 'kafka' | 'rabbit';

/** Where the jars of a binder are, named `<module>-<binder>.jar`. */
export function jarFolder(binder: SpringBinder): string {
  const files = globSync('**/*', { cwd: sources })
    .toSorted()
    .map((file) => join(sources, file));
  const contents = files.flatMap((file) =>
    isSource(file) && statSync(file).isFile() ? [relative(sources, file), readFileSync(file)] : [],
  );
  return cachedFolder(binder, contents);
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
    const made = `${folder}.${process.pid}`;
    mkdirSync(made, { recursive: true });
    for (const jar of globSync(join(work, 'target/*/*.jar'))) cpSync(jar, join(made, basename(jar)));
    keep(made, folder);
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

function isSource(path: string): boolean {
  return !path.slice(sources.length).split('/').includes('target');
}
