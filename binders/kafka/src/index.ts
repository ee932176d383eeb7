// Public names are listed here one by one.
export { kafkaBinder } from './kafka.ts';
export { optionsFromProperties } from './properties/options.ts';
export type { KafkaBinderOptions, SaslOptions } from './options.ts';
