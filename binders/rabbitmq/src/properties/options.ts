import { parseDuration } from '@millrace/core';
import { raise } from '../errors.ts';
import type { RabbitBinderOptions } from '../options.ts';
import { queueArgumentsOf } from './queue-arguments.ts';
import { securityOf } from './security.ts';
import { SpringNames } from './spring-names.ts';

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

const boot = 'spring.rabbitmq';
const binder = 'spring.cloud.stream.rabbit.binder';
/** Defaults for all bindings; those of single bindings are the application's business. */
const places = [
  'spring.cloud.stream.rabbit.default.consumer',
  'spring.cloud.stream.rabbit.default',
  'spring.cloud.stream.rabbit.default.producer',
];

/**
 * The options that properties of Spring Cloud Stream (`spring.cloud.stream.rabbit.*`) and Spring Boot (`spring.rabbitmq.*`) ask for.
 * Properties that have no meaning here are passed over; one whose meaning cannot be kept fails with `UNSUPPORTED`, one that is wrong with
 * `INVALID_ARGUMENT`.
 */
export function optionsFromProperties(properties: Readonly<Record<string, unknown>>): RabbitBinderOptions {
  const names = new SpringNames(properties);
  const options: Mutable<RabbitBinderOptions> = { ...securityOf(names) };
  const set = (option: keyof RabbitBinderOptions, value: unknown): void => {
    if (value !== undefined) (options as Record<string, unknown>)[option] = value;
  };
  set('addresses', addressesOf(names));
  set('username', names.get(`${boot}.username`));
  set('password', names.get(`${boot}.password`));
  set('virtualHost', names.get(`${boot}.virtual-host`));
  set('connectionName', names.get(`${binder}.connectionNamePrefix`));
  set('heartbeatMs', durationOf(names, `${boot}.requested-heartbeat`, 1000));
  set('connectTimeoutMs', durationOf(names, `${boot}.connection-timeout`, 1));
  set('prefix', names.get(...places.map((place) => `${place}.prefix`)));
  set('destinations', destinationsOf(names));
  set('queueType', queueTypeOf(names));
  set('deadLetters', deadLettersOf(names));
  set('maxPrefetch', numberOf(names, ...places.map((place) => `${place}.prefetch`)));
  const queueArguments = queueArgumentsOf(names, places);
  if (Object.keys(queueArguments).length > 0) options.queueArguments = queueArguments;
  return options;
}

/** `addresses` is stronger than `host` and `port`, as in Spring Boot. */
function addressesOf(names: SpringNames): string | undefined {
  const addresses = names.get(`${boot}.addresses`);
  const [host, port] = [names.get(`${boot}.host`), names.get(`${boot}.port`)];
  if (addresses !== undefined || (host === undefined && port === undefined)) return addresses;
  return `${host ?? 'localhost'}${port === undefined ? '' : `:${port}`}`;
}

function destinationsOf(names: SpringNames): RabbitBinderOptions['destinations'] {
  const found = names.find(...places.map((place) => `${place}.containerType`));
  if (found === undefined) return undefined;
  if (/^stream$/i.test(found.text)) return 'streams';
  if (/^(?:simple|direct)$/i.test(found.text)) return 'queues';
  throw raise('PROPERTY_INVALID', { name: found.name, value: found.text, expected: 'use simple, direct or stream' });
}

function queueTypeOf(names: SpringNames): RabbitBinderOptions['queueType'] {
  const enabled = switchOf(names, ...places.map((place) => `${place}.quorum.enabled`));
  return enabled === undefined ? undefined : enabled ? 'quorum' : 'classic';
}

function deadLettersOf(names: SpringNames): RabbitBinderOptions['deadLetters'] {
  const isBound = switchOf(names, ...places.map((place) => `${place}.autoBindDlq`));
  // Spring's default is no dead letters at all; ours stay, beside queues that Spring's applications declare in the same way.
  return isBound === true ? 'arguments' : undefined;
}

function switchOf(names: SpringNames, ...from: readonly string[]): boolean | undefined {
  const found = names.find(...from);
  if (found === undefined) return undefined;
  const value = { true: true, false: false }[found.text.toLowerCase()];
  if (value === undefined)
    throw raise('PROPERTY_INVALID', { name: found.name, value: found.text, expected: "give 'true' or 'false'" });
  return value;
}

function numberOf(names: SpringNames, ...from: readonly string[]): number | undefined {
  const found = names.find(...from);
  if (found === undefined) return undefined;
  if (!/^\d+$/.test(found.text))
    throw raise('PROPERTY_INVALID', { name: found.name, value: found.text, expected: 'give a whole number' });
  return Number(found.text);
}

/** A duration as Spring reads it: a plain number counts in the property's own unit. */
function durationOf(names: SpringNames, name: string, unitMs: number): number | undefined {
  const text = names.get(name);
  if (text === undefined) return undefined;
  const ms = /^\d+$/.test(text) ? Number(text) * unitMs : parseDuration(text);
  if (ms === undefined) throw raise('PROPERTY_INVALID', { name, value: text, expected: 'give a duration such as 5s' });
  return ms;
}
