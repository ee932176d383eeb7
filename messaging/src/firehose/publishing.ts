import type { Binder, ProducerBinding } from '../binder/index.ts';
import type { EventStream } from '../definitions.ts';
import { binderError } from '../errors.ts';
import type { Services } from '../runtime/services.ts';
import { Outlet } from './outlet.ts';
import { Publisher } from './publisher.ts';

/** The publishers of a runtime: one per destination, however many definitions name it. */
export class Publishing {
  readonly #services: Services;
  readonly #publishers = new Map<string, Publisher>();
  readonly #outlets = new WeakMap<object, unknown>();

  constructor(services: Services) {
    this.#services = services;
  }

  outlet<T>(stream: EventStream<T>): Outlet<T> {
    const known = this.#outlets.get(stream);
    if (known !== undefined) return known as Outlet<T>;
    const outlet = new Outlet(stream, this.#publisher(stream), this.#services);
    this.#outlets.set(stream, outlet);
    return outlet;
  }

  /** Settles everything that was published. */
  async close(): Promise<void> {
    await Promise.all([...this.#publishers.values()].map((publisher) => publisher.close()));
  }

  #publisher<T>(stream: EventStream<T>): Publisher {
    const id = `${stream.options.binder ?? ''}/${stream.name}`;
    const known = this.#publishers.get(id);
    if (known !== undefined) return known;
    const { clock, metrics } = this.#services;
    const labels = { destination: stream.name };
    const publisher = new Publisher({
      destination: stream.name,
      clock,
      published: metrics.counter('millrace_published_total', 'Events accepted by the binder.', labels),
      failed: metrics.counter('millrace_publish_failed_total', 'Events that the binder did not accept.', labels),
      open: () => this.#open(stream),
    });
    this.#publishers.set(id, publisher);
    return publisher;
  }

  async #open<T>(stream: EventStream<T>): Promise<{ binder: Binder; binding: ProducerBinding }> {
    const binder = await this.#services.binderFor(stream);
    try {
      await provision(binder, stream);
      const { partitions, requiredGroups } = stream.options;
      return { binder, binding: await binder.bindProducer(stream.name, { partitions, requiredGroups }) };
    } catch (error) {
      throw binderError(binder, `bind a producer to '${stream.name}'`, error);
    }
  }
}

/** Creates a missing destination as its definition says; one that exists keeps its own settings. */
export async function provision<T>(binder: Binder, stream: EventStream<T>): Promise<void> {
  const { partitions, retentionMs, retentionBytes, compact } = stream.options;
  if (retentionMs === undefined && retentionBytes === undefined && compact === undefined) return;
  if ((await binder.provisioner.describe(stream.name)) !== undefined) return;
  await binder.provisioner.ensure(stream.name, { kind: 'log', partitions, retentionMs, retentionBytes, compact });
}
