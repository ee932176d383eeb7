import type { ConsumeMessage } from 'amqplib';
import { isConnectionFault } from '../client/faults.ts';
import type { Link } from '../client/link.ts';
import { sleep } from '../client/patience.ts';
import { raise } from '../errors.ts';
import { StreamReader } from './stream-reader.ts';
import type { StreamWindow } from './window.ts';

/** Where a feed reads, and whom it tells. */
export interface FeedPlace {
  readonly stream: string;
  readonly patienceMs: number;
  /** Messages read ahead of what was acknowledged, at most. */
  readonly mostMessages: number;
  isGone(): Promise<boolean>;
  progress(): void;
  failed(error: unknown): void;
}

const prefetch = 256;
const retryMs = 100;

/** Keeps a window filled from its stream, over lost connections and moves. */
export class Feed {
  readonly window: StreamWindow;
  readonly #link: Link;
  readonly #place: FeedPlace;
  readonly #up = (): void => this.#restart();
  #reader: StreamReader | undefined;
  #uncredited: ConsumeMessage | undefined;
  #taken = 0;
  #opening: Promise<void> | undefined;
  #isClosed = false;

  constructor(link: Link, window: StreamWindow, place: FeedPlace) {
    this.#link = link;
    this.window = window;
    this.#place = place;
  }

  async open(): Promise<void> {
    this.#link.on('up', this.#up);
    await this.#openReader();
  }

  /** Lets more come where there is room again. */
  pump(): void {
    if (this.#uncredited === undefined || !this.window.hasRoom(this.#place.mostMessages)) return;
    const message = this.#uncredited;
    this.#uncredited = undefined;
    this.#taken = 0;
    this.#reader?.credit(message);
  }

  /** Reads from where the window stands now. */
  async move(): Promise<void> {
    await this.#stopReader();
    this.#restart();
    await this.#opening;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#link.off('up', this.#up);
    await this.#stopReader();
    await this.#opening;
  }

  async #stopReader(): Promise<void> {
    const reader = this.#reader;
    this.#reader = undefined;
    this.#uncredited = undefined;
    this.#taken = 0;
    await reader?.close();
  }

  #restart(): void {
    if (this.#isClosed) return;
    this.#opening ??= this.#reopen().finally(() => (this.#opening = undefined));
  }

  async #reopen(): Promise<void> {
    let refusedSince: number | undefined;
    while (!this.#isClosed && this.#reader === undefined && this.#link.model !== undefined) {
      try {
        if (await this.#place.isGone()) return this.#place.failed(raise('DESTINATION_GONE', { destination: this.#place.stream }));
        await this.#openReader();
      } catch (error) {
        refusedSince = isConnectionFault(error) ? undefined : (refusedSince ?? performance.now());
        if (refusedSince !== undefined && performance.now() - refusedSince > this.#place.patienceMs)
          return this.#place.failed(error);
        await sleep(retryMs);
      }
    }
  }

  async #openReader(): Promise<void> {
    const { stream, patienceMs } = this.#place;
    let opened: StreamReader | undefined;
    const early: [ConsumeMessage, number][] = [];
    const reader = await StreamReader.open(
      this.#link,
      stream,
      this.window.readOn,
      prefetch,
      {
        message: (message, offset) => {
          if (opened === undefined) early.push([message, offset]);
          else if (this.#reader === opened) this.#take(message, offset);
        },
        ended: () => {
          if (this.#reader !== opened || opened === undefined) return;
          this.#reader = undefined;
          this.#uncredited = undefined;
          this.#restart();
        },
      },
      patienceMs,
    );
    opened = reader;
    if (this.#isClosed) return reader.close();
    this.#reader = reader;
    for (const [message, offset] of early) this.#take(message, offset);
    // It may have ended before it was ours.
    if (reader.isOver && this.#reader === reader) {
      this.#reader = undefined;
      throw new Error('channel closed');
    }
  }

  #take(message: ConsumeMessage, offset: number): void {
    this.window.add(message, offset);
    this.#uncredited = message;
    if (++this.#taken >= prefetch / 4) this.pump();
    this.#place.progress();
  }
}
