import { join } from 'node:path';
import { exchange } from './probe.ts';
import type { ServerRecord } from './server-kind.ts';

/** The variables of this process's environment that any server may see. All others stay away from it, whatever they mean to it. */
export function baseEnvironment(home: string): Readonly<Record<string, string>> {
  const passed = ['PATH', 'TMPDIR', 'TZ'].flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : []));
  return { ...(Object.fromEntries(passed) as Record<string, string>), HOME: home, LANG: 'C.UTF-8', LC_ALL: 'C.UTF-8' };
}

export function memberDirectory(record: ServerRecord, member: string): string {
  return join(record.directory, member);
}

export function tlsFile(
  record: ServerRecord,
  name: 'ca' | 'server' | 'server-key' | 'server-store' | 'client' | 'client-key',
): string {
  return join(record.directory, 'tls', `${name}.pem`);
}

/** The members that are nodes, as opposed to helpers. */
export function nodesOf(record: ServerRecord): ServerRecord['members'] {
  return record.members.filter(({ name }) => name.startsWith('node-'));
}

/** Names of the nodes of a server: `node-1`, `node-2`, … */
export function nodeNames(count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => `node-${index + 1}`);
}

export function addressesOf(record: ServerRecord, port: string): readonly string[] {
  return nodesOf(record).map(({ ports }) => `127.0.0.1:${ports[port]!}`);
}

/** Whether somebody listens on a port. */
export async function listens(port: number): Promise<boolean> {
  return (await exchange(port, '')) !== undefined;
}

/** The client's side of `--secure`. */
export function clientTls(record: ServerRecord): { ca: string; certificate: string; key: string } | undefined {
  if (!record.secure) return undefined;
  return { ca: tlsFile(record, 'ca'), certificate: tlsFile(record, 'client'), key: tlsFile(record, 'client-key') };
}
