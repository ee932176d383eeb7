type Signal = 'SIGTERM' | 'SIGINT';

/**
 * Runs `drain` at the first SIGTERM or SIGINT and then lets the signal have its usual effect, unless someone else also listens for it
 * and so decides about the end of the process. Returns how to stop listening.
 */
export function drainOnSignals(drain: () => Promise<void>): () => void {
  const stop = () => {
    process.off('SIGTERM', onSignal);
    process.off('SIGINT', onSignal);
  };
  const onSignal = (signal: Signal) => {
    stop();
    void drain().finally(() => {
      if (process.listenerCount(signal) === 0) process.kill(process.pid, signal);
    });
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
  return stop;
}
