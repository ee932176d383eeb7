import { isDeepStrictEqual } from 'node:util';
import { raise } from './errors.ts';
import { formatMemory } from './memory.ts';
import { portOf } from './request.ts';
import type { ParsedRequest } from './request.ts';
import type { ServerRecord } from './server-kind.ts';

/**
 * What a server that was set up before becomes by a new request. Nodes and security are decided once (`DIFFERS`); memory, ports and
 * settings may change while it is stopped (`RUNNING_DIFFERS`).
 */
export function reconcile(record: ServerRecord, request: ParsedRequest, state: 'running' | 'stopped'): ServerRecord {
  checkFixed(record, request);
  const wanted: ServerRecord = {
    ...record,
    memoryBytes: request.memoryBytes ?? record.memoryBytes,
    config: request.config ?? record.config,
    members: record.members.map(({ name, ports }) => ({ name, ports: portsOf(request, name, ports) })),
  };
  if (state === 'running') checkUnchanged(record, wanted);
  return wanted;
}

function checkFixed(record: ServerRecord, { nodes, secure }: ParsedRequest): void {
  const count = record.members.filter(({ name }) => name.startsWith('node-')).length;
  const differ = (setting: string, was: unknown, wanted: unknown): never => {
    throw raise('DIFFERS', { server: record.name, setting, was, wanted });
  };
  if (nodes !== undefined && nodes !== count) differ('nodes', count, nodes);
  if (secure !== undefined && secure !== record.secure) differ('secure', record.secure, secure);
}

function portsOf(request: ParsedRequest, name: string, ports: Readonly<Record<string, number>>): Record<string, number> {
  const member = { name, ports: Object.keys(ports) };
  return Object.fromEntries(Object.entries(ports).map(([port, number]) => [port, portOf(request, member, port) ?? number]));
}

function checkUnchanged(record: ServerRecord, wanted: ServerRecord): void {
  const shown = {
    memory: [record, wanted].map(({ memoryBytes }) => formatMemory(memoryBytes)),
    settings: [record, wanted].map(({ config }) => JSON.stringify(config)),
    ports: [record, wanted].map(({ members }) => members.map(({ ports }) => Object.values(ports).join(',')).join(' ')),
  };
  for (const [setting, [was, now]] of Object.entries(shown))
    if (!isDeepStrictEqual(was, now)) throw raise('RUNNING_DIFFERS', { server: record.name, setting, was, wanted: now });
}
