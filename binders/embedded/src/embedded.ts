import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { systemClock } from '@millrace/core';
import type { Clock } from '@millrace/core';
import type { Binder, BinderListener } from '@millrace/messaging/binder';
import { embeddedCapabilities } from './binder/capabilities.ts';
import type { ClientLimits } from './binder/client.ts';
import { EmbeddedBinder } from './binder/embedded-binder.ts';
import type { Link } from './binder/link.ts';
import { RemoteLink } from './binder/remote-link.ts';
import type { BrokerLimits } from './broker/context.ts';
import { DirectoryConnector } from './holder/directory-connector.ts';
import type { EmbeddedBinderOptions } from './options.ts';

const mebibyte = 1024 * 1024;
/** Of this package, as in its package.json. */
const { version } = createRequire(import.meta.url)('../package.json') as { readonly version: string };

/**
 * The zero-server binder. On a data directory, any number of processes use it at once; with `memory` it is private to this binder
 * and runs in this thread. Does nothing until it is opened.
 */
export function embeddedBinder(options: EmbeddedBinderOptions = {}): Binder {
  const { memory = false } = options;
  const clock = memory ? (options.clock ?? systemClock) : systemClock;
  const limits = clientLimits(options);
  const capabilities = embeddedCapabilities(memory, limits.maxMessageBytes);
  const connect = memory ? () => memoryOnly(clock, brokerLimits(options)) : directoryLink(options);
  return new EmbeddedBinder({ capabilities, clock, limits, connect });
}

/** Loads the broker into this thread, which others need not: on a data directory it runs in a thread of its own. */
async function memoryOnly(clock: Clock, limits: BrokerLimits): Promise<Link> {
  const { memoryLink } = await import('./memory-broker.ts');
  return memoryLink(clock, limits);
}

function directoryLink(options: EmbeddedBinderOptions): (listener: BinderListener) => Promise<Link> {
  const { dataDir = process.env['MILLRACE_DATA_DIR'] || '.millrace', segmentBytes } = options;
  const connector = new DirectoryConnector({ dataDir: resolve(dataDir), limits: brokerLimits(options), segmentBytes, version });
  return async (listener) => {
    const link = new RemoteLink(connector, systemClock, listener);
    await link.open();
    return link;
  };
}

function clientLimits(options: EmbeddedBinderOptions): ClientLimits {
  const {
    maxMessageBytes = 8 * mebibyte,
    maxUnackedBytes = 32 * mebibyte,
    readAheadBytes = mebibyte,
    sendWaitMs = 30_000,
  } = options;
  return { maxMessageBytes, maxUnackedBytes, readAheadBytes, sendWaitMs };
}

function brokerLimits(options: EmbeddedBinderOptions): BrokerLimits {
  const { maxMessageBytes = 8 * mebibyte, maxQueueDepth = 1_000_000, revokeMs = 10_000 } = options;
  return { maxMessageBytes, maxQueueDepth, maxAnswerBytes: 2 * mebibyte, revokeMs, graceMs: 500 };
}
