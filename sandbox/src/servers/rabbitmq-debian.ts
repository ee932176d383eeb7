import {
  existsSync,
  globSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  closeSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { findProgram } from '@millrace/processes';
import { cacheDirectory } from '../directories.ts';
import { raise } from '../errors.ts';
import { withLock } from '../lock.ts';
import { runProgram } from '../programs.ts';
import type { RunOptions } from '../programs.ts';
import type { Installation, LocateContext } from '../server-kind.ts';

// Which release of Debian carries which RabbitMQ.
const suites: Readonly<Record<string, string>> = { '4.0': 'trixie', '4.3': 'forky' };
const keyrings = ['/usr/share/keyrings/debian-archive-keyring.gpg', '/usr/share/keyrings/debian-archive-keyring.pgp'];
const publicMirror = 'http://deb.debian.org/debian';
const neededLibraries =
  /^Inst (erlang-\S+|rabbitmq-server|patchelf|libc6|libgcc-s1|libstdc\+\+6|libtinfo6|libsystemd0|zlib1g|libssl3\S*|libsctp1|libcap2|libmimalloc\S*|libzstd1) /;
const architectures: Readonly<Record<string, { readonly triplet: string; readonly loader: string }>> = {
  x64: { triplet: 'x86_64-linux-gnu', loader: 'ld-linux-x86-64.so.2' },
  arm64: { triplet: 'aarch64-linux-gnu', loader: 'ld-linux-aarch64.so.1' },
};
const lockWaitMs = 600_000;

/** RabbitMQ versions that can be had beside the system's own. */
export const newerVersions: readonly string[] = Object.keys(suites);

/**
 * RabbitMQ of a newer Debian release on an older one: its packages, whose signatures apt checks, are unpacked into the cache together
 * with the libraries they were built for. Nothing is installed and root is not needed. Throws `PROGRAM_MISSING` on other systems.
 */
export async function newerRabbit(version: string, context: LocateContext): Promise<Installation> {
  const prefix = join(cacheDirectory(context.env), 'rabbitmq', suites[version]!);
  if (!existsSync(join(prefix, 'complete'))) {
    const lock = join(cacheDirectory(context.env), 'rabbitmq');
    await withLock(lock, lockWaitMs, async () => {
      if (!existsSync(join(prefix, 'complete'))) await unpack(version, prefix, context);
    });
  }
  return installationIn(prefix, version);
}

function installationIn(prefix: string, version: string): Installation {
  const [scripts] = globSync(join(prefix, 'usr/lib/rabbitmq/lib/rabbitmq_server-*/sbin'));
  const [epmd] = globSync(join(prefix, 'usr/lib/erlang/erts-*/bin/epmd'));
  const found = /rabbitmq_server-([\d.]+)/.exec(scripts ?? '')?.[1] ?? 'none';
  if (scripts === undefined || epmd === undefined || !found.startsWith(`${version}.`))
    throw raise('SUITE_MOVED', { suite: suites[version], found, version, prefix });
  return { version: found, paths: { scripts, epmd, erlang: join(prefix, 'usr/lib/erlang/bin') } };
}

interface Apt {
  readonly program: string;
  readonly options: readonly string[];
  readonly debs: string;
  readonly run: RunOptions;
}

// The prefix is made where it stays: absolute paths are written into it.
async function unpack(version: string, prefix: string, { env, signal, onProgress }: LocateContext): Promise<void> {
  const suite = suites[version]!;
  const work = `${prefix}.apt`;
  for (const folder of [prefix, work]) rmSync(folder, { recursive: true, force: true });
  try {
    onProgress(`reading the package lists of Debian ${suite}`);
    const apt = await openApt(work, suite, env, signal);
    const packages = await neededPackages(apt);
    onProgress(`downloading ${packages.length} packages of Debian ${suite}`);
    await runProgram(apt.program, [...apt.options, 'download', ...packages], { ...apt.run, cwd: apt.debs, timeoutMs: 600_000 });
    onProgress('unpacking');
    mkdirSync(prefix, { recursive: true });
    for (const deb of globSync(join(apt.debs, '*.deb'))) await runProgram(need('dpkg-deb', env), ['-x', deb, prefix], apt.run);
    await bindToOwnLibraries(prefix, apt.run);
    correctPaths(prefix);
    writeFileSync(join(prefix, 'complete'), `${suite}\n`);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

function need(program: string, env: NodeJS.ProcessEnv): string {
  const found = findProgram(program, [], env);
  if (found !== undefined) return found;
  const next = "this version comes from Debian's packages only; leave the version out to use the system's RabbitMQ";
  throw raise('PROGRAM_MISSING', { server: 'RabbitMQ of this version', program, places: 'PATH', next });
}

// apt with lists, cache and status of its own: the system's are neither used nor touched.
async function openApt(work: string, suite: string, env: NodeJS.ProcessEnv, signal: AbortSignal | undefined): Promise<Apt> {
  const keyring = keyrings.find((file) => existsSync(file));
  if (keyring === undefined) need('debian-archive-keyring', env);
  for (const folder of ['lists/partial', 'cache/archives/partial', 'debs']) mkdirSync(join(work, folder), { recursive: true });
  writeFileSync(join(work, 'sources.list'), `deb [signed-by=${keyring!}] ${mirror()} ${suite} main\n`);
  const settings = {
    'Dir::Etc::sourcelist': join(work, 'sources.list'),
    'Dir::Etc::sourceparts': '/dev/null',
    'Dir::State::lists': join(work, 'lists'),
    'Dir::Cache': join(work, 'cache'),
    'Dir::State::status': '/dev/null',
    'APT::Sandbox::User': 'root',
  };
  const options = Object.entries(settings).flatMap(([name, value]) => ['-o', `${name}=${value}`]);
  const apt = { program: need('apt-get', env), options, debs: join(work, 'debs'), run: { env, signal } };
  await runProgram(apt.program, [...options, 'update'], { ...apt.run, timeoutMs: 300_000 });
  return apt;
}

// The mirror that this machine already uses, if it is Debian's.
function mirror(): string {
  const files = ['/etc/apt/sources.list', ...globSync('/etc/apt/sources.list.d/*.{list,sources}')].filter((file) =>
    existsSync(file),
  );
  const lines = files.flatMap((file) => readFileSync(file, 'utf8').split('\n'));
  const found = lines.flatMap((line) => /^(?:URIs:|deb )\s*(?:\[[^\]]*\]\s*)?(\S+\/debian\/?)(?:\s|$)/.exec(line)?.[1] ?? []);
  return found[0] ?? publicMirror;
}

async function neededPackages({ program, options, run }: Apt): Promise<readonly string[]> {
  const wanted = ['--no-install-recommends', '-s', 'install', 'rabbitmq-server', 'patchelf'];
  const plan = await runProgram(program, [...options, ...wanted], run);
  return plan.split('\n').flatMap((line) => neededLibraries.exec(line)?.[1] ?? []);
}

// Every program of the prefix is given the prefix's own loader and libraries; the host's may be too old for it.
async function bindToOwnLibraries(prefix: string, run: RunOptions): Promise<void> {
  const { triplet, loader } = architectures[process.arch] ?? architectures['x64']!;
  const libraries = join(prefix, 'usr/lib', triplet);
  const patchelf = [join(libraries, loader), '--library-path', libraries, join(prefix, 'usr/bin/patchelf')] as const;
  for (const file of globSync(join(prefix, 'usr/lib/erlang/**')).filter(isElf)) {
    if (await hasLoader(patchelf, file, run))
      await runProgram(patchelf[0], [...patchelf.slice(1), '--set-interpreter', join(libraries, loader), file], run);
    await runProgram(patchelf[0], [...patchelf.slice(1), '--force-rpath', '--set-rpath', libraries, file], run);
  }
}

async function hasLoader(patchelf: readonly [string, ...string[]], file: string, run: RunOptions): Promise<boolean> {
  try {
    await runProgram(patchelf[0], [...patchelf.slice(1), '--print-interpreter', file], run);
    return true;
  } catch {
    return false; // a library, which needs none
  }
}

function isElf(file: string): boolean {
  if (!statSync(file, { throwIfNoEntry: false })?.isFile()) return false;
  const head = Buffer.alloc(4);
  const handle = openSync(file, 'r');
  try {
    readSync(handle, head, 0, 4, 0);
  } finally {
    closeSync(handle);
  }
  return head.toString('latin1') === '\x7fELF';
}

function correctPaths(prefix: string): void {
  const scripts = globSync(join(prefix, 'usr/lib/erlang/{bin,erts-*/bin}/*')).filter(
    (file) => statSync(file).isFile() && !isElf(file),
  );
  for (const file of scripts) {
    const text = readFileSync(file, 'latin1');
    const corrected = text.replaceAll('=/usr/lib/erlang', `=${prefix}/usr/lib/erlang`);
    if (corrected !== text) writeFileSync(file, corrected, 'latin1');
  }
}
