import { createHash, randomUUID } from 'node:crypto';
import { copyFile, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { MillraceError, messageOf } from '@millrace/core';
import { findProgram } from '@millrace/processes';
import { cacheDirectory } from './directories.ts';
import { raise } from './errors.ts';
import { runProgram } from './programs.ts';

const centralRepository = 'https://repo.maven.apache.org/maven2';
const parallelDownloads = 6;
const downloadTimeoutMs = 120_000;

/** One jar that a lock list pins. */
export interface Jar {
  readonly group: string;
  readonly artifact: string;
  readonly version: string;
  readonly sha256: string;
}

export interface FetchOptions {
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((text: string) => void) | undefined;
}

/** Reads a lock list: lines of `group:artifact:version sha256`. */
export function parseLock(lines: readonly string[]): readonly Jar[] {
  return lines.map((line) => {
    const [, group, artifact, version, sha256] = /^([^:]+):([^:]+):(\S+) ([0-9a-f]{64})$/.exec(line)!;
    return { group: group!, artifact: artifact!, version: version!, sha256: sha256! };
  });
}

/**
 * The directory that holds exactly the jars of a lock list, from the cache or fetched into it. Maven does the fetching where it is
 * installed, so that mirrors and credentials of its settings count; MILLRACE_MAVEN_REPOSITORY names a repository to download from
 * without it. A directory appears in the cache whole, with every checksum proved, or not at all; processes may do this at once.
 *
 * @throws `DOWNLOAD_FAILED`, `MAVEN_FAILED`, `CHECKSUM_WRONG`
 */
export async function fetchJars(name: string, lock: readonly string[], options: FetchOptions = {}): Promise<string> {
  const env = options.env ?? process.env;
  const cache = cacheDirectory(env);
  const digest = createHash('sha256').update(lock.join('\n')).digest('hex').slice(0, 12);
  const target = join(cache, 'jars', `${name}-${digest}`);
  if (await isDirectory(target)) return target;
  const work = `${target}.${randomUUID()}.part`;
  await mkdir(work, { recursive: true });
  try {
    await fill(work, name, parseLock(lock), { ...options, env });
    await publish(work, target);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
  return target;
}

/** The file name of a jar in the directory that {@link fetchJars} gives. */
export function jarFile({ artifact, version }: Jar): string {
  return `${artifact}-${version}.jar`;
}

async function fill(work: string, name: string, jars: readonly Jar[], options: FetchOptions): Promise<void> {
  const env = options.env ?? process.env;
  const repository = env['MILLRACE_MAVEN_REPOSITORY'];
  const maven = repository ? undefined : findProgram('mvn', [], env);
  if (maven === undefined) await download(work, jars, repository ?? centralRepository, options);
  else await copyThroughMaven(work, name, jars, maven, options);
}

// Another process may have been faster; its directory holds the same files.
async function publish(work: string, target: string): Promise<void> {
  try {
    await rename(work, target);
  } catch (error) {
    if (!(await isDirectory(target))) throw error;
  }
}

async function isDirectory(path: string): Promise<boolean> {
  return readdir(path).then(
    () => true,
    () => false,
  );
}

function verify(bytes: Uint8Array, jar: Jar, source: string): void {
  const found = createHash('sha256').update(bytes).digest('hex');
  if (found !== jar.sha256) throw raise('CHECKSUM_WRONG', { file: jarFile(jar), source, found, expected: jar.sha256 });
}

async function copyThroughMaven(
  work: string,
  name: string,
  jars: readonly Jar[],
  maven: string,
  options: FetchOptions,
): Promise<void> {
  options.onProgress?.(`fetching ${jars.length} jars through Maven`);
  const project = join(work, 'maven');
  await mkdir(project);
  await writeFile(join(project, 'pom.xml'), pomOf(jars));
  const goal = ['dependency:copy-dependencies', '-DoutputDirectory=lib'];
  try {
    await runProgram(maven, ['-q', '-B', ...goal], { cwd: project, timeoutMs: 600_000, signal: options.signal });
  } catch (error) {
    throw raise('MAVEN_FAILED', { what: name, problem: messageOf(error) }, error);
  }
  for (const jar of jars) {
    const file = join(project, 'lib', jarFile(jar));
    verify(await readFile(file), jar, 'Maven');
    await copyFile(file, join(work, jarFile(jar)));
  }
  await rm(project, { recursive: true });
}

// Every jar is named with its version and without its own dependencies: Maven fetches these files and decides nothing.
function pomOf(jars: readonly Jar[]): string {
  const exclusions = '<exclusions><exclusion><groupId>*</groupId><artifactId>*</artifactId></exclusion></exclusions>';
  const dependencies = jars.map(
    ({ group, artifact, version }) =>
      `<dependency><groupId>${group}</groupId><artifactId>${artifact}</artifactId><version>${version}</version>${exclusions}</dependency>`,
  );
  return `<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion><groupId>millrace</groupId><artifactId>sandbox</artifactId><version>1</version><packaging>pom</packaging><dependencies>${dependencies.join('')}</dependencies></project>`;
}

async function download(work: string, jars: readonly Jar[], repository: string, options: FetchOptions): Promise<void> {
  const waiting = [...jars];
  let done = 0;
  const worker = async (): Promise<void> => {
    for (let jar = waiting.shift(); jar !== undefined; jar = waiting.shift()) {
      await downloadOne(work, jar, repository, options.signal);
      options.onProgress?.(`downloaded ${++done} of ${jars.length} jars`);
    }
  };
  const settled = await Promise.allSettled(Array.from({ length: parallelDownloads }, stopOnFailure(worker, waiting)));
  const failed = settled.find((result) => result.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}

// The first failure ends the work of all, and nothing is still writing when the caller clears up.
function stopOnFailure(work: () => Promise<void>, waiting: unknown[]): () => Promise<void> {
  return async () => {
    try {
      await work();
    } catch (error) {
      waiting.length = 0;
      throw error;
    }
  };
}

async function downloadOne(work: string, jar: Jar, repository: string, signal: AbortSignal | undefined): Promise<void> {
  const path = `${jar.group.replaceAll('.', '/')}/${jar.artifact}/${jar.version}/${jarFile(jar)}`;
  const { url, headers } = requestOf(`${repository.replace(/\/+$/, '')}/${path}`);
  const deadline = AbortSignal.timeout(downloadTimeoutMs);
  try {
    const response = await fetch(url, { headers, signal: signal === undefined ? deadline : AbortSignal.any([signal, deadline]) });
    if (!response.ok) throw new Error(`the repository answered ${response.status} ${response.statusText}`);
    const bytes = new Uint8Array(await response.arrayBuffer());
    verify(bytes, jar, url);
    await writeFile(join(work, jarFile(jar)), bytes);
  } catch (error) {
    if (error instanceof MillraceError) throw error;
    throw raise('DOWNLOAD_FAILED', { url, problem: causeOf(error) }, error);
  }
}

// Credentials in the address become a header, so that no message ever shows them.
function requestOf(address: string): { url: string; headers: Record<string, string> } {
  const url = new URL(address);
  const { username, password } = url;
  if (username === '') return { url: address, headers: {} };
  url.username = '';
  url.password = '';
  const credentials = Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`).toString('base64');
  return { url: url.href, headers: { authorization: `Basic ${credentials}` } };
}

// fetch says only "fetch failed"; what happened is in its cause.
function causeOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause === undefined ? messageOf(error) : `${messageOf(error)} (${messageOf(cause)})`;
}
