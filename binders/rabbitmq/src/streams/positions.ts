import type { ConsumeMessage } from 'amqplib';
import type { Admin } from '../client/admin.ts';
import { replyCodeOf } from '../client/faults.ts';
import { translate } from '../client/translate.ts';
import type { Publisher } from '../producer/publisher.ts';
import type { Catalogue } from '../topology/catalogue.ts';
import type { Names } from '../topology/names.ts';
import type { StreamLayout } from './layout.ts';
import { lastMessage } from './stream-end.ts';

/** A group's place in a partition. */
export interface Place {
  readonly destination: string;
  readonly group: string;
  readonly partition: number;
}

/** Where groups stand: the last record of a stream for each group and partition. Nobody but the partition's owner writes there. */
export class Positions {
  readonly #admin: Admin;
  readonly #publisher: Publisher;
  readonly #catalogue: Catalogue;
  readonly #names: Names;
  readonly #layout: StreamLayout;

  constructor(parts: {
    readonly admin: Admin;
    readonly publisher: Publisher;
    readonly catalogue: Catalogue;
    readonly names: Names;
    readonly layout: StreamLayout;
  }) {
    this.#admin = parts.admin;
    this.#publisher = parts.publisher;
    this.#catalogue = parts.catalogue;
    this.#names = parts.names;
    this.#layout = parts.layout;
  }

  /** The next offset that the group gets; `undefined` where it never stood anywhere. */
  async read({ destination, group, partition }: Place): Promise<number | undefined> {
    const stream = this.#names.positions(destination, group, partition);
    const isFilled = this.#catalogue.known(destination)?.positions.has(`${group}-${partition}`) ?? false;
    const what = `read the position of group '${group}' in '${destination}'`;
    try {
      const last = await this.#admin.attempt(what, async () =>
        lastMessage(this.#admin.link, stream, this.#admin.patienceMs, isFilled),
      );
      return last === undefined ? undefined : offsetIn(last);
    } catch (error) {
      if (replyCodeOf(error) === 404) return undefined;
      throw translate(error, what, this.#admin.link.addressText);
    }
  }

  /** Writes a first position. Others then know that there is one, and wait for it however slow the server is. */
  async begin(place: Place, offset: number): Promise<void> {
    await this.#layout.positions(place.destination, place.group, place.partition);
    await this.write(place, offset);
    await this.#catalogue.addPosition(place.destination, `${place.group}-${place.partition}`);
  }

  async write({ destination, group, partition }: Place, offset: number): Promise<void> {
    const stream = this.#names.positions(destination, group, partition);
    const target = { exchange: '', routingKey: stream, destination: stream };
    const options = { persistent: true, mandatory: true, contentType: 'text/plain' };
    const error = await this.#publisher.publish(target, { content: Buffer.from(String(offset)), options });
    if (error !== undefined) throw error;
  }
}

function offsetIn({ content }: ConsumeMessage): number | undefined {
  const offset = Number(String(content));
  return Number.isSafeInteger(offset) ? offset : undefined;
}
