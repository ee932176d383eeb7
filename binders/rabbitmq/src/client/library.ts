/** The client library, which gives connections, channels and the wire format. Recovery is this binder's own. */
export type Library = typeof import('amqplib');

/** Loads the client library on first use: a process without RabbitMQ should not pay for it. */
export function loadLibrary(): Promise<Library> {
  return import('amqplib');
}
