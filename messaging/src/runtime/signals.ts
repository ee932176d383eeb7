import { constants } from 'node:os';

type Signal = 'SIGTERM' | 'SIGINT';

/**
 * Runs `drain` at the first SIGTERM or SIGINT and then ends the process with the exit code that the signal stands for (143, 130),
 * unless someone else also listens for it and so decides about the end. Returns how to stop listening.
 */
export function drainOnSignals(drain: () => Promise<void>): () => void {
  const stop = () => {
    process.off('SIGTERM', onSignal);
    process.off('SIGINT', onSignal);
  };
  const onSignal = (signal: Signal) => {
    stop();
    void drain().finally(() => {
      if (process.listenerCount(signal) === 0) process.exit(128 + constants.signals[signal]);
    });
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
  return stop;
}
