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
