import { messageOf } from '@millrace/core';
import { raise } from '../errors.ts';
import type { Tracing } from '../policies/tracing.ts';
import type { Log } from './log.ts';

/** A listener of ours: `claim` says whether the error came from a handler of its runtime, and makes it that handler's failure. */
interface Isolator {
  (error: unknown, origin: string): void;
  readonly claim: (error: unknown) => boolean;
}

/**
 * Turns errors that escape the promise of a handler (thrown in a timer or an event listener that it started, a rejection that nobody
 * awaits) into a failure of that handler's try. All other uncaught errors end the process as they would without us, unless someone
 * else listens for them. Returns how to stop.
 */
export function isolateUncaught(tracing: Tracing, log: Log): () => void {
  const claim = (error: unknown) => attributed(tracing, error, log);
  const isolator: Isolator = Object.assign((error: unknown, origin: string) => decide(isolator, error, origin), { claim });
  process.on('uncaughtException', isolator);
  return () => void process.off('uncaughtException', isolator);
}

/** Several runtimes of a process decide together: the first of them asks all, so that none takes another for a stranger who listens. */
function decide(self: Isolator, error: unknown, origin: string): void {
  const listeners = process.listeners('uncaughtException');
  const isolators = listeners.filter((listener): listener is Isolator & NodeJS.UncaughtExceptionListener => 'claim' in listener);
  if (isolators[0] !== self || isolators.some((isolator) => isolator.claim(error))) return;
  const strangers =
    listeners.length - isolators.length + (origin === 'unhandledRejection' ? process.listenerCount('unhandledRejection') : 0);
  if (strangers > 0) return;
  process.stderr.write(`Uncaught ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.exit(1);
}

function attributed(tracing: Tracing, error: unknown, log: Log): boolean {
  const scope = tracing.current();
  if (scope?.fail === undefined) return false;
  const problem = messageOf(error);
  const failed = scope.fail(raise('HANDLER_UNCAUGHT', { problem }, error));
  if (!failed) log('error', `code started by a handler threw after the handler had ended: ${problem}`);
  return true;
}
