import type { Binder } from '@millrace/messaging/binder';
import { KafkaBinder } from './kafka-binder.ts';
import type { KafkaBinderOptions } from './options.ts';
import { settingsOf } from './settings.ts';

/**
 * A binder over Apache Kafka 3.2 or newer, with the names, keys, headers and dead letters of Spring Cloud Stream. Loads the client
 * library and connects when it is opened.
 */
export function kafkaBinder(options: KafkaBinderOptions = {}): Binder {
  return new KafkaBinder(settingsOf(options));
}
