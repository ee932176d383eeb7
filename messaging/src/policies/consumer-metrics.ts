import type { Counter, Gauge, Histogram, Labels, MetricsRegistry } from './metrics.ts';

/** What is counted for every consumer, of events, commands or data events alike. */
export interface ConsumerMetrics {
  readonly received: Counter;
  readonly handled: Counter;
  readonly failed: Counter;
  readonly retried: Counter;
  readonly parked: Counter;
  readonly skipped: Counter;
  readonly restarts: Counter;
  readonly lag: Gauge;
  readonly inFlight: Gauge;
  /** Seconds per run of the handler. */
  readonly duration: Histogram;
}

/** The metrics of one consumer; members of a group in one process share them. */
export function consumerMetrics(
  registry: MetricsRegistry,
  about: { readonly kind: 'event' | 'command' | 'change'; readonly destination: string; readonly group: string },
): ConsumerMetrics {
  const labels: Labels = { kind: about.kind, destination: about.destination, group: about.group };
  const counter = (name: string, help: string) => registry.counter(`millrace_${name}_total`, help, labels);
  return {
    received: counter('received', 'Messages handed to this process.'),
    handled: counter('handled', 'Messages handled successfully.'),
    failed: counter('failed', 'Runs of a handler that failed.'),
    retried: counter('retried', 'Failed messages that will be tried again.'),
    parked: counter('parked', 'Messages moved to a dead-letter destination.'),
    skipped: counter('skipped', 'Failed messages dropped because onFailure is skip.'),
    restarts: counter('consumer_restarts', 'Times a consumer died and was attached again.'),
    lag: registry.gauge('millrace_lag', 'Messages not yet acknowledged by the group, over all partitions.', labels),
    inFlight: registry.gauge('millrace_in_flight', 'Messages fetched and not finished.', labels),
    duration: registry.histogram('millrace_handler_seconds', 'Time a handler takes.', labels),
  };
}
