import { systemClock } from '@millrace/core';
import type { Binder } from '@millrace/messaging/binder';
import { embeddedCapabilities } from './binder/capabilities.ts';
import type { ClientLimits } from './binder/client.ts';
import { EmbeddedBinder } from './binder/embedded-binder.ts';
import type { BrokerLimits } from './broker/context.ts';
import { memoryLink } from './memory-broker.ts';
import type { EmbeddedBinderOptions } from './options.ts';

const mebibyte = 1024 * 1024;

/**
 * The zero-server binder. On a data directory, any number of processes use it at once; with `memory` it is private to this binder
 * and runs in this thread. Does nothing until it is opened.
 */
export function embeddedBinder(options: EmbeddedBinderOptions = {}): Binder {
  const { memory = false, clock = systemClock } = options;
  const limits = clientLimits(options);
  const capabilities = embeddedCapabilities(memory, limits.maxMessageBytes);
  const connect = async () => memoryLink(clock, brokerLimits(options));
  return new EmbeddedBinder({ capabilities, clock, limits, connect });
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
  return { maxMessageBytes, maxQueueDepth, maxAnswerBytes: 2 * mebibyte, revokeMs, graceMs: 1000 };
}
