import type { Binder } from '@millrace/messaging/binder';
import type { RabbitBinderOptions } from './options.ts';
import { RabbitBinder } from './rabbit-binder.ts';
import { settingsOf } from './settings.ts';

/**
 * A binder over RabbitMQ 3.10 or newer, with the exchanges, queues, headers and dead letters of Spring Cloud Stream. Loads the client
 * library and connects when it is opened.
 */
export function rabbitBinder(options: RabbitBinderOptions = {}): Binder {
  return new RabbitBinder(settingsOf(options));
}
