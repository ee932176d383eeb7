import type { ConnectionOptions as TlsOptions } from 'node:tls';

/** How a RabbitMQ binder is set up. All sizes are bytes, all times milliseconds. */
export interface RabbitBinderOptions {
  /** Settings under the names of Spring Cloud Stream or Spring Boot, with the meaning they have there. The options beside them win. */
  readonly properties?: Readonly<Record<string, unknown>> | undefined;
  /**
   * Nodes to connect to, as `host:port` or as `amqp:` and `amqps:` URLs, several with commas (default: the environment's
   * `MILLRACE_RABBITMQ_ADDRESSES`, else `localhost:5672`). The first that answers is used, the next when that is lost.
   */
  readonly addresses?: string | readonly string[] | undefined;
  /** Default: what the first URL says, else `guest`. */
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  /** Default: what the first URL says, else `/`. */
  readonly virtualHost?: string | undefined;
  /** TLS, with Node's own options (default: as the URLs say). */
  readonly tls?: boolean | TlsOptions | undefined;
  /** Log in with the name in the client certificate (mechanism EXTERNAL) instead of a password (default false). */
  readonly external?: boolean | undefined;
  /** What the server shows for our connections (default `millrace`). */
  readonly connectionName?: string | undefined;
  /** How often both sides say that they live (default 5000); silence for three times as long ends the connection. */
  readonly heartbeatMs?: number | undefined;
  /** How long connecting to one node may take (default 5000). */
  readonly connectTimeoutMs?: number | undefined;
  /** How long anything but a send may take, reconnecting included (default 20000). */
  readonly patienceMs?: number | undefined;
  /** How long a send may take, reconnecting and repeating included (default 30000). */
  readonly deliveryTimeoutMs?: number | undefined;
  /** Messages sent to one destination and not confirmed yet, at most (default 5000). */
  readonly maxUnconfirmed?: number | undefined;
  /** The largest payload (default 16 MiB, what RabbitMQ 4 takes unless it is told otherwise). */
  readonly maxMessageBytes?: number | undefined;
  /**
   * What groups read. `queues` (default): each group has its own queues, as in Spring; it gets what is sent after it exists.
   * `streams`: each partition is a stream that all groups read at their own pace, from any position, with the log facet.
   */
  readonly destinations?: 'queues' | 'streams' | undefined;
  /** The type of durable queues that this binder creates (default `quorum`). Existing ones are used as they are. */
  readonly queueType?: 'quorum' | 'classic' | undefined;
  /** Begins the names of exchanges, queues and dead-letter queues of events, as Spring's `prefix` (default none). */
  readonly prefix?: string | undefined;
  /**
   * How the queues of groups are joined to their dead-letter queues, which exist as soon as the groups do. `beside` (default): not at all;
   * what fails is sent there. `arguments`: the server sends what it drops or is told to reject, as Spring's `autoBindDlq`. `at-least-once`:
   * in the same way, and quorum queues keep a message until the dead-letter queue has it. `none`: there are none until something is parked.
   * All who declare a queue must agree on this.
   */
  readonly deadLetters?: 'beside' | 'arguments' | 'at-least-once' | 'none' | undefined;
  /** Messages on their way to a consumer or held by it, per queue, at most (default 1000; a consumer's own bound may be lower). */
  readonly maxPrefetch?: number | undefined;
  /** More arguments for the queues of groups, e.g. `{ 'x-max-length': 100000 }`. All who declare a queue must agree on them. */
  readonly queueArguments?: Readonly<Record<string, string | number | boolean>> | undefined;
}
