import { consumerMetrics, type ConsumerMetrics } from '../policies/consumer-metrics.ts';
import type { Counter, MetricsRegistry } from '../policies/metrics.ts';

/** Counts what one subscription does, for its own health and, together with others of its queue, for the metrics. */
export class CommandTally {
  readonly metrics: ConsumerMetrics;
  readonly #expired: Counter;
  handled = 0;
  failed = 0;
  parked = 0;

  constructor(registry: MetricsRegistry, queue: string, group: string) {
    this.metrics = consumerMetrics(registry, { kind: 'command', destination: queue, group });
    const about = 'Commands dropped because their caller had stopped waiting.';
    this.#expired = registry.counter('millrace_expired_total', about, { destination: queue });
  }

  /** A handler ran to its end, in this many milliseconds. */
  ran(ms: number): void {
    this.handled++;
    this.metrics.handled.inc();
    this.metrics.duration.observe(ms / 1000);
  }

  tryFailed(): void {
    this.failed++;
    this.metrics.failed.inc();
  }

  retried(): void {
    this.metrics.retried.inc();
  }

  skipped(): void {
    this.metrics.skipped.inc();
  }

  wasParked(): void {
    this.parked++;
    this.metrics.parked.inc();
  }

  expired(): void {
    this.#expired.inc();
  }
}
