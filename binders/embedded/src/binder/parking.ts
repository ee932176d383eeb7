import type { OutboundMessage, ParkedEntry, ParkingFacet, SendOutcome } from '@millrace/messaging/binder';
import type { Client } from './client.ts';
import { batchMeta, encodeBatches, plainMessage } from './encoding.ts';
import { asMillraceError } from './link.ts';
import { storedMessages } from './stored-message.ts';

/** Dead-letter destinations of the embedded broker. A position is the message's offset plus one. */
export class EmbeddedParking implements ParkingFacet {
  readonly #client: Client;

  constructor(client: Client) {
    this.#client = client;
  }

  async park(deadLetter: string, messages: readonly OutboundMessage[]): Promise<readonly SendOutcome[]> {
    const { clock, limits, link } = this.#client;
    const outcomes: (SendOutcome | undefined)[] = Array.from({ length: messages.length });
    const plain = messages.map(plainMessage);
    for (const { indexes, encoded } of encodeBatches(plain, [...plain.keys()], { now: clock.now(), ...limits }, outcomes)) {
      try {
        const { meta } = await link.call('parking.add', { name: deadLetter, batch: batchMeta(encoded) }, [encoded.bytes]);
        indexes.forEach((index, n) => {
          outcomes[index] = { partition: 0, offset: meta.base === undefined ? undefined : meta.base + n };
        });
      } catch (error) {
        for (const index of indexes) outcomes[index] = { error: asMillraceError(error) };
      }
    }
    return outcomes as SendOutcome[];
  }

  async list(deadLetter: string, after: number, limit: number): Promise<readonly ParkedEntry[]> {
    const { meta, body } = await this.#client.link.call('parking.list', { name: deadLetter, after, limit });
    return storedMessages(meta.runs, body, 0).map(({ offset, payload, headers, key, timestamp }) => ({
      position: offset + 1,
      payload,
      headers,
      key,
      timestamp,
    }));
  }

  async remove(deadLetter: string, positions: readonly number[]): Promise<number> {
    const { meta } = await this.#client.link.call('parking.remove', { name: deadLetter, positions });
    return meta.removed;
  }

  async summary(): Promise<readonly { readonly name: string; readonly count: number }[]> {
    const { meta } = await this.#client.link.call('parking.summary', {});
    return meta.names;
  }
}
