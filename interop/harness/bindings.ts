import type { Broker } from './broker.ts';

/** Where a binding of a Spring application reads. */
export interface Input {
  readonly destination: string;
  readonly group: string;
  /** Spring's dead letters, which it leaves off unless asked. */
  readonly deadLetters?: boolean;
  /** More of `spring.cloud.stream.bindings.<name>`, such as `consumer.batch-mode`. */
  readonly more?: Readonly<Record<string, string>>;
  /** More of `spring.cloud.stream.<binder>.bindings.<name>`. */
  readonly ofBinder?: Readonly<Record<string, string>>;
}

/** Where a binding of a Spring application writes. */
export interface Output {
  readonly destination: string;
  readonly requiredGroups?: string;
  readonly more?: Readonly<Record<string, string>>;
}

/** How a function of a Spring application reads the dead letters of a group. */
export function deadLettersOf({ name }: Broker, { destination, group }: Input): Input {
  if (name === 'kafka') return { destination: `error.${destination}.${group}`, group: 'dead-letters' };
  // An existing queue, which is bound already.
  const existing = {
    'consumer.queue-name-group-only': 'true',
    'consumer.bind-queue': 'false',
    'consumer.declare-exchange': 'false',
  };
  return { destination: 'DLX', group: `${destination}.${group}.dlq`, ofBinder: existing };
}

/** The properties of an input binding on that broker. */
export function inputProperties({ kind }: Broker, name: string, input: Input): Record<string, string> {
  const { destination, group, deadLetters = false, more = {}, ofBinder = {} } = input;
  return {
    ...under(`spring.cloud.stream.bindings.${name}`, { destination, group, ...more }),
    ...under(`spring.cloud.stream.${kind.springBinder}.bindings.${name}`, {
      ...(deadLetters ? { [`consumer.${kind.deadLetters}`]: 'true' } : {}),
      ...ofBinder,
    }),
  };
}

/** The properties of an output binding. */
export function outputProperties(name: string, { destination, requiredGroups, more = {} }: Output): Record<string, string> {
  const required = requiredGroups === undefined ? {} : { 'producer.required-groups': requiredGroups };
  return under(`spring.cloud.stream.bindings.${name}`, { destination, ...required, ...more });
}

function under(prefix: string, properties: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(properties).map(([name, value]) => [`${prefix}.${name}`, value]));
}

/** The bindings of one of Spring's stream applications in a stream: its group is the stream's name, as is that of the next one. */
export function appProperties(
  stream: string,
  { from, to }: { readonly from?: string; readonly to?: string },
): Record<string, string> {
  const at = 'spring.cloud.stream.bindings';
  return {
    ...(from === undefined ? {} : under(`${at}.input`, { destination: from, group: stream })),
    ...(to === undefined ? {} : under(`${at}.output`, { destination: to, 'producer.required-groups': stream })),
  };
}

/** What the binder must be told so that an instance reads its own share and no other. */
export function fixedShare({ name }: Broker): Record<string, string> {
  return name === 'kafka' ? { 'consumer.auto-rebalance-enabled': 'false' } : {};
}

/** An input binding of a function that takes lists. */
export function batchMode({ name }: Broker): Pick<Input, 'more' | 'ofBinder'> {
  const more = { 'consumer.batch-mode': 'true' };
  if (name === 'kafka') return { more };
  // RabbitMQ gives messages one by one: Spring's consumer puts them together.
  return { more, ofBinder: { 'consumer.enable-batching': 'true', 'consumer.batch-size': '50', 'consumer.receive-timeout': '500' } };
}

/** The properties of a producer that waits to send compressed batches. */
export function batching({ name, kind }: Broker, binding: string): Record<string, string> {
  const prefix = `spring.cloud.stream.${kind.springBinder}.bindings.${binding}.producer`;
  if (name === 'kafka') return under(prefix, { 'batch-timeout': '200', 'buffer-size': '100000', 'compression-type': 'gzip' });
  return under(prefix, { 'batching-enabled': 'true', 'batch-size': '25', 'batch-timeout': '500', compress: 'true' });
}

/** The properties that make a Spring application trace everything. */
export const tracing = {
  'management.tracing.enabled': 'true',
  'management.tracing.sampling.probability': '1.0',
  'spring.cloud.stream.kafka.binder.enable-observation': 'true',
};
