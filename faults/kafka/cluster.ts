import { sandbox } from '@millrace/sandbox';
import type { RunningServer } from '@millrace/sandbox';
import type { ConnectOptions } from 'millrace';

/** Why there can be no Kafka here; `undefined` where there can. */
export const missing = await sandbox.missing('kafka');

/** Options of `connect` for these brokers, with a group that is quick to notice who is gone, so that tests are. */
export function onKafka(brokers: readonly string[], more: Readonly<Record<string, unknown>> = {}): ConnectOptions {
  const settings = { heartbeatMs: 200, sessionTimeoutMs: 6000, revokeMs: 3000, minPartitions: 6, ...more };
  return { config: false, binder: 'kafka', binders: { kafka: { brokers, ...settings } } };
}

export function onServer(server: RunningServer, more?: Readonly<Record<string, unknown>>): ConnectOptions {
  return onKafka(server.settings.addresses, more);
}
