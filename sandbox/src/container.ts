import { makeDirectory } from './config-file.ts';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { findProgram } from '@millrace/processes';
import { raise } from './errors.ts';
import { baseEnvironment, memberDirectory } from './member-plan.ts';
import { formatMemory } from './memory.ts';
import { runProgram } from './programs.ts';
import type { ContainerKind, Installation, MemberPlan, MemberRecord, ServerKind, ServerRecord } from './server-kind.ts';

// What a server takes beside its own limit: code, buffers, threads.
const overheadBytes = 256 * 2 ** 20;

/** Docker or Podman, if one of them answers. */
export async function findEngine(env: NodeJS.ProcessEnv): Promise<string | undefined> {
  for (const name of ['docker', 'podman']) {
    const engine = findProgram(name, [], env);
    if (engine !== undefined && (await answers(engine))) return engine;
  }
  return undefined;
}

async function answers(engine: string): Promise<boolean> {
  try {
    await runProgram(engine, ['version', '--format', '{{.Server.Version}}'], { timeoutMs: 10_000 });
    return true;
  } catch {
    return false; // the command is there, but nothing behind it
  }
}

/** What runs a server as a container. Throws `NO_ENGINE` for one that has no image. */
export function containerInstallation(kind: ServerKind, version: string, engine: string): Installation {
  if (kind.container === undefined) throw raise('NO_ENGINE', {});
  const image = kind.container.image(version);
  return { version: image.split(':').at(-1)!, paths: {}, container: { engine, image } };
}

/** The server's process as a container in the foreground of the engine's command. */
export function containerPlan(kind: ContainerKind, record: ServerRecord, plan: MemberPlan): MemberPlan {
  const { engine, image } = record.installation.container!;
  const member = record.members.find(({ name }) => name === plan.name)!;
  const name = containerName(record, member);
  makeDirectory(join(plan.directory, 'data'));
  return {
    ...plan,
    command: engine,
    args: runArguments(kind, record, member, { name, image }),
    // The engine finds its own configuration in the user's home.
    env: { ...plan.env, ...baseEnvironment(process.env['HOME'] ?? '/'), ...engineEnvironment() },
    uid: undefined,
    gid: undefined,
    stopSignal: 'SIGTERM',
    discardSignal: 'SIGTERM',
    container: { engine, name },
  };
}

function containerName(record: ServerRecord, member: MemberRecord): string {
  const digest = createHash('sha256').update(record.directory).digest('hex').slice(0, 8);
  return `millrace-${record.name.replaceAll(/[^\w.-]/g, '-')}-${member.name}-${digest}`;
}

function runArguments(
  kind: ContainerKind,
  record: ServerRecord,
  member: MemberRecord,
  { name, image }: { name: string; image: string },
): readonly string[] {
  const published = Object.entries(kind.ports).flatMap(([port, inside]) => [
    '--publish',
    `127.0.0.1:${member.ports[port]!}:${inside}`,
  ]);
  const variables = Object.entries(kind.env(record)).flatMap(([variable, value]) => ['--env', `${variable}=${value}`]);
  const limits = ['--memory', formatMemory(record.memoryBytes + overheadBytes)];
  const volume = ['--volume', `${join(memberDirectory(record, member.name), 'data')}:${kind.data}`];
  return ['run', '--rm', '--init', '--name', name, ...limits, ...volume, ...published, ...variables, image, ...kind.args(record)];
}

function engineEnvironment(): Readonly<Record<string, string>> {
  const passed = Object.entries(process.env).filter(([name]) => /^(DOCKER_|CONTAINER_|XDG_RUNTIME_DIR$)/.test(name));
  return Object.fromEntries(passed) as Record<string, string>;
}
