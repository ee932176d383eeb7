import { join } from 'node:path';
import type { SpringBinder } from './jars.ts';
import { JavaApp } from './java.ts';

/** What is known of a broker beforehand. */
interface BrokerKind {
  readonly springBinder: SpringBinder;
  /** The package of our binder. */
  readonly package: string;
  /** The property under which Spring's binder turns dead letters on. */
  readonly deadLetters: string;
  /** Our binder's options. */
  options(settings: BrokerSettings): Readonly<Record<string, unknown>>;
}

/** How a running broker is reached; set up once for all test files. */
export interface BrokerSettings {
  readonly addresses: readonly string[];
  readonly spring: Readonly<Record<string, string>>;
  readonly env: Readonly<Record<string, string>>;
  readonly jars: string;
  /** Whether there is a binder of ours for it. */
  readonly isOurs: boolean;
}

/** The brokers that scenarios run on. */
export const kinds = {
  kafka: {
    springBinder: 'kafka',
    package: '@millrace/binder-kafka',
    deadLetters: 'enable-dlq',
    options: ({ addresses }) => ({ brokers: addresses.join(',') }),
  },
  rabbitmq: {
    springBinder: 'rabbit',
    package: '@millrace/binder-rabbitmq',
    deadLetters: 'auto-bind-dlq',
    // Who declares a queue must do it as the others: Spring's are classic unless they are told otherwise.
    options: ({ env }) => ({ addresses: env['RABBITMQ_URL'], queueType: 'classic' }),
  },
} as const satisfies Record<string, BrokerKind>;

export type BrokerName = keyof typeof kinds;

/** A running broker, as a test uses it. */
export class Broker {
  readonly name: BrokerName;
  readonly settings: BrokerSettings;
  readonly kind: BrokerKind;

  constructor(name: BrokerName, settings: BrokerSettings) {
    this.name = name;
    this.settings = settings;
    this.kind = kinds[name];
  }

  /** Starts an application of `interop/spring`; `properties` are its command line, `machine` the options of its Java machine. */
  start(module: string, properties: Readonly<Record<string, string>>, machine?: readonly string[]): JavaApp {
    const { springBinder } = this.kind;
    const all = { 'server.port': '0', 'server.address': '127.0.0.1', ...this.settings.spring, ...properties };
    return new JavaApp(module, join(this.settings.jars, `${module}-${springBinder}.jar`), all, machine);
  }
}
