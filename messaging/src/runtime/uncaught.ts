import { messageOf } from '@millrace/core';
import { raise } from '../errors.ts';
import type { Scope, Tracing } from '../policies/tracing.ts';
import type { Log } from './log.ts';

/**
 * Turns errors that escape the promise of a handler (thrown in a timer or an event listener that it started, a rejection that nobody
 * awaits) into a failure of that handler's try. All other uncaught errors end the process as they would without us, unless someone
 * else listens for them. Returns how to stop.
 */
export function isolateUncaught(tracing: Tracing, log: Log): () => void {
  const onError = (error: unknown, origin: string) => {
    const scope = tracing.current();
    if (scope?.fail !== undefined) return attribute(scope, error, log);
    const others =
      process.listenerCount('uncaughtException') +
      (origin === 'unhandledRejection' ? process.listenerCount('unhandledRejection') : 0);
    if (others > 1) return;
    process.stderr.write(`Uncaught ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    process.exit(1);
  };
  process.on('uncaughtException', onError);
  return () => void process.off('uncaughtException', onError);
}

function attribute(scope: Scope, error: unknown, log: Log): void {
  const problem = messageOf(error);
  const failed = scope.fail!(raise('HANDLER_UNCAUGHT', { problem }, error));
  if (!failed) log('error', `code started by a handler threw after the handler had ended: ${problem}`);
}
