import { notBuilt } from '../errors.ts';
import type { EventStreams, Services } from '../runtime/services.ts';

/** The event-stream pattern. */
export function createEventStreams(_services: Services): EventStreams {
  return {
    publish: notBuilt('publish'),
    publishAll: notBuilt('publishAll'),
    subscribe: notBuilt('subscribe'),
    subscribeBatch: notBuilt('subscribeBatch'),
    read() {
      return notBuilt('read')() as never;
    },
    transaction: notBuilt('transaction'),
    close: () => Promise.resolve(),
  };
}
