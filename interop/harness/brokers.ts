import { inject } from 'vitest';
import { Broker, kinds } from './broker.ts';
import type { BrokerName, BrokerSettings } from './broker.ts';

declare module 'vitest' {
  interface ProvidedContext {
    brokers: Readonly<Partial<Record<BrokerName, BrokerSettings>>>;
  }
}

/** The brokers of this run. Without `ours`, also those that only Spring has a binder for. */
export function brokers(ours?: 'ours'): readonly Broker[] {
  const running = inject('brokers');
  return (Object.keys(kinds) as BrokerName[])
    .flatMap((name) => (running[name] === undefined ? [] : [new Broker(name, running[name])]))
    .filter(({ settings }) => ours === undefined || settings.isOurs);
}
