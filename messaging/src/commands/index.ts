import { notBuilt } from '../errors.ts';
import type { Commands, Services } from '../runtime/services.ts';

/** The command pattern. */
export function createCommands(_services: Services): Commands {
  return {
    send: notBuilt('send'),
    call: notBuilt('call'),
    handle: notBuilt('handle'),
    cancel: notBuilt('cancel'),
    close: () => Promise.resolve(),
  };
}
