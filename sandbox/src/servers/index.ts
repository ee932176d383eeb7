import { didYouMean } from '@millrace/core';
import { raise } from '../errors.ts';
import type { ServerKind } from '../server-kind.ts';
import { kafka } from './kafka.ts';
import { postgres } from './postgres.ts';
import { rabbitmq } from './rabbitmq.ts';
import { redis } from './redis.ts';

/** The servers that the sandbox has. */
export const serverKinds: readonly ServerKind[] = [kafka, rabbitmq, postgres, redis];

/** The server of that name. Throws `UNKNOWN_SERVER`. */
export function kindNamed(name: string): ServerKind {
  const found = serverKinds.find((kind) => kind.name === name);
  const known = serverKinds.map((kind) => kind.name);
  if (found === undefined) throw raise('UNKNOWN_SERVER', { name, known: known.join(', '), hint: didYouMean(name, known) });
  return found;
}
