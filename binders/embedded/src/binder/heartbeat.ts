import type { Clock, Timer } from '@millrace/core';
import type { Channel } from '../wire/channel.ts';

const beatMs = 3000;
const deadMs = 10_000;

/** Finds out that the process on the other side stands still, which a socket does not tell. */
export class Heartbeat {
  readonly #clock: Clock;
  readonly #channel: Channel;
  readonly #ping: () => Promise<unknown>;
  #lastHeard: number;
  #timer: Timer | undefined;

  constructor(clock: Clock, channel: Channel, ping: () => Promise<unknown>) {
    this.#clock = clock;
    this.#channel = channel;
    this.#ping = ping;
    this.#lastHeard = clock.monotonic();
    if (channel.isRemote) this.#next();
  }

  heard(): void {
    this.#lastHeard = this.#clock.monotonic();
  }

  stop(): void {
    this.#timer?.cancel();
  }

  #next(): void {
    this.#timer = this.#clock.after(beatMs, () => this.#beat());
  }

  #beat(): void {
    const silence = this.#clock.monotonic() - this.#lastHeard;
    if (silence >= deadMs) return this.#channel.close();
    // A ping that fails does so because the connection ended, which its owner is told anyway.
    this.#ping().catch(() => undefined);
    this.#next();
  }
}
