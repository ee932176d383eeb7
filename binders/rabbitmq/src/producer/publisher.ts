import type { MillraceError } from '@millrace/core';
import type { Link } from '../client/link.ts';
import type { EncodedMessage } from '../messages/encode.ts';
import { PublishLane } from './publish-lane.ts';
import type { PublishSettings, Target } from './publish-lane.ts';

/** Channels of a connection are limited (2047 by default), and consumers need theirs. */
const maxLanes = 250;

/**
 * Publishes with confirms, on a channel for each destination: a queue that takes nothing, or a message that costs the channel, holds up
 * no other destination.
 */
export class Publisher {
  readonly #link: Link;
  readonly #settings: PublishSettings;
  readonly #lanes = new Map<string, PublishLane>();

  constructor(link: Link, settings: PublishSettings) {
    this.#link = link;
    this.#settings = settings;
  }

  /** Resolves when the server has the message, with why not otherwise. Messages of one destination keep the order of the calls. */
  publish(target: Target, message: EncodedMessage): Promise<MillraceError | undefined> {
    return this.#lane(target.lane ?? target.destination).publish(target, message);
  }

  /** Resolves when everything given until now is settled. */
  async settled(): Promise<void> {
    await Promise.all([...this.#lanes.values()].map(async (lane) => lane.settled()));
  }

  #lane(name: string): PublishLane {
    const key = this.#lanes.has(name) || this.#lanes.size < maxLanes ? name : '';
    let lane = this.#lanes.get(key);
    if (lane === undefined) this.#lanes.set(key, (lane = new PublishLane(this.#link, this.#settings)));
    return lane;
  }
}
