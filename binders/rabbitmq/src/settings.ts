import { raise } from './errors.ts';
import type { LinkSettings } from './client/link.ts';
import { addressesOf } from './client/addresses.ts';
import type { RabbitBinderOptions } from './options.ts';
import type { PublishSettings } from './producer/publish-lane.ts';
import { optionsFromProperties } from './properties/options.ts';

/** How objects on the server are made and named. */
export interface TopologySettings {
  readonly storage: 'queues' | 'streams';
  readonly queueType: 'quorum' | 'classic';
  readonly prefix: string;
  readonly deadLetters: 'beside' | 'arguments' | 'at-least-once' | 'none';
  readonly queueArguments: Readonly<Record<string, string | number | boolean>>;
}

/** The options with their defaults, by who needs them. */
export interface Settings {
  readonly link: LinkSettings;
  readonly publish: PublishSettings;
  readonly topology: TopologySettings;
  readonly patienceMs: number;
  readonly maxMessageBytes: number;
  readonly maxPrefetch: number;
}

export function settingsOf(given: RabbitBinderOptions): Settings {
  const set = Object.entries(given).filter(([, value]) => value !== undefined);
  const options: RabbitBinderOptions = { ...optionsFromProperties(given.properties ?? {}), ...Object.fromEntries(set) };
  const { patienceMs = 20_000, maxMessageBytes = 16 << 20, maxPrefetch = 1000 } = options;
  const { deliveryTimeoutMs = 30_000, maxUnconfirmed = 5000 } = options;
  for (const [name, value] of Object.entries({ patienceMs, maxMessageBytes, maxPrefetch, deliveryTimeoutMs, maxUnconfirmed }))
    if (!(value >= 1)) throw raise('OPTION_INVALID', { name, value, expected: 'give a number from 1' });
  return {
    link: linkSettings(options),
    publish: { deliveryTimeoutMs, maxUnconfirmed, maxMessageBytes },
    topology: topologySettings(options),
    patienceMs,
    maxMessageBytes,
    maxPrefetch: Math.min(maxPrefetch, 65_535),
  };
}

function linkSettings(options: RabbitBinderOptions): LinkSettings {
  const { connectionName = 'millrace', heartbeatMs = 5000, connectTimeoutMs = 5000, external = false } = options;
  const written = options.addresses ?? (process.env['MILLRACE_RABBITMQ_ADDRESSES'] || 'localhost:5672');
  const { addresses, username, password, virtualHost, tls } = addressesOf(written);
  const wantsTls = options.tls ?? tls;
  return {
    addresses: addresses.map((each) => ({ ...each, port: each.port ?? (wantsTls ? 5671 : 5672) })),
    username: options.username ?? username ?? 'guest',
    password: options.password ?? password ?? 'guest',
    virtualHost: options.virtualHost ?? virtualHost ?? '/',
    tls: wantsTls === true ? {} : wantsTls === false ? undefined : wantsTls,
    external,
    connectionName,
    heartbeatSeconds: Math.max(1, Math.round(heartbeatMs / 1000)),
    connectTimeoutMs,
  };
}

function topologySettings(options: RabbitBinderOptions): TopologySettings {
  const { destinations = process.env['MILLRACE_RABBITMQ_DESTINATIONS'] || 'queues', queueType = 'quorum' } = options;
  if (destinations !== 'queues' && destinations !== 'streams')
    throw raise('OPTION_INVALID', { name: 'destinations', value: `'${destinations}'`, expected: "give 'queues' or 'streams'" });
  const { prefix = '', deadLetters = 'beside', queueArguments = {} } = options;
  return { storage: destinations, queueType, prefix, deadLetters, queueArguments };
}
