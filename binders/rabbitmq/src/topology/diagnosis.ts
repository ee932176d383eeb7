import type { Diagnosis } from '@millrace/messaging/binder';
import type { Link } from '../client/link.ts';
import type { Mismatch } from './declarations.ts';
import type { TopologySettings } from '../settings.ts';

/** Looks for what would lose data or keeps messages from flowing. */
export function diagnose(
  links: readonly Link[],
  addresses: number,
  { storage, queueType }: TopologySettings,
  mismatches: readonly Mismatch[],
): readonly Diagnosis[] {
  return [...links.map(connection), failover(addresses), durability(storage, queueType), ...mismatches.map(mismatch)];
}

function connection(link: Link): Diagnosis {
  const check = `connection (${link.purpose})`;
  const { blockedBecause, addressText, serverVersion } = link;
  if (link.model === undefined)
    return { check, status: 'failed', detail: `lost: ${link.lastProblem}`, next: `see to the server at ${addressText}` };
  if (blockedBecause === undefined) return { check, status: 'ok', detail: `RabbitMQ ${serverVersion} at ${addressText}` };
  return { check, status: 'failed', detail: `the server takes no messages: ${blockedBecause}`, next: 'free memory or disk there' };
}

function failover(addresses: number): Diagnosis {
  const check = 'addresses';
  if (addresses > 1) return { check, status: 'ok', detail: `${addresses} nodes to connect to` };
  return { check, status: 'warning', detail: 'one node: nothing works while it is away', next: 'name all nodes of the cluster' };
}

function durability(storage: 'queues' | 'streams', queueType: 'quorum' | 'classic'): Diagnosis {
  const check = 'what a confirmed message survives';
  if (storage === 'queues' && queueType === 'quorum')
    return { check, status: 'ok', detail: 'quorum queues flush before they confirm' };
  const what = storage === 'streams' ? 'streams' : 'classic queues';
  const next = storage === 'streams' ? 'run three nodes' : "set queueType to 'quorum'";
  return { check, status: 'warning', detail: `${what} leave flushing to the operating system`, next };
}

function mismatch({ object, problem }: Mismatch): Diagnosis {
  const next = 'give all who declare it the same arguments, or delete it so that it is made anew';
  return { check: object, status: 'warning', detail: `exists with other attributes and is used as it is: ${problem}`, next };
}
