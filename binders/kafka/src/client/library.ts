/** The client library, whose connections and wire formats this binder stands on. */
export type Library = typeof import('@platformatic/kafka');

/** Loads the client library on first use: it costs 0.4 s and 60 MB that a process without Kafka should not pay. */
export function loadLibrary(): Promise<Library> {
  return import('@platformatic/kafka');
}
