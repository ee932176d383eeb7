import type { Socket } from 'node:net';
import type { MessagePort } from 'node:worker_threads';
import { copyOfAll } from '../bytes.ts';

/** What is done with what comes through a channel. */
export interface ChannelListener {
  data(bytes: Uint8Array): void;
  /** Called once, whoever ended it. */
  closed(): void;
}

export interface WriteOptions {
  /**
   * What is not (default: it is) goes with what is written next, or alone a moment later: waking the other side costs more than all
   * else.
   */
  readonly urgent?: boolean | undefined;
  /** Follow the others. Nobody uses them any more, nor anything else in the memory that they are part of. */
  readonly given?: readonly Uint8Array[] | undefined;
}

/** A stream of bytes in both directions. */
export interface Channel {
  /** Sends the parts in order; all that is written in one turn goes out together. Ignored when closed. */
  write(parts: readonly Uint8Array[], options?: WriteOptions): void;
  listen(listener: ChannelListener): void;
  /** Ends it at once; what was written may be lost. */
  close(): void;
  /** Whether the other side is another process, which can stall without going away. */
  readonly isRemote: boolean;
}

/** A channel over a socket. */
export class SocketChannel implements Channel {
  readonly isRemote = true;
  readonly #socket: Socket;
  #corked = false;
  readonly #flushing: Flushing;

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.setNoDelay(true);
    this.#flushing = new Flushing(setImmediate, () => this.#flush());
  }

  write(parts: readonly Uint8Array[], { urgent = true, given = [] }: WriteOptions = {}): void {
    if (this.#socket.destroyed) return;
    if (!this.#corked) this.#socket.cork();
    this.#corked = true;
    for (const part of parts) this.#socket.write(part);
    for (const part of given) this.#socket.write(part);
    this.#flushing.plan(urgent);
  }

  listen(listener: ChannelListener): void {
    this.#socket.on('data', (bytes: Uint8Array) => listener.data(bytes));
    // An error is always followed by close.
    this.#socket.on('error', () => undefined);
    this.#socket.once('close', () => listener.closed());
  }

  close(): void {
    this.#flushing.stop();
    this.#socket.destroy();
  }

  #flush(): void {
    this.#corked = false;
    this.#socket.uncork();
  }
}

/** Given parts of at least this size are passed on as they are. */
const passedBytes = 1 << 14;

/** A channel between threads: what one turn writes is one message of few transferred buffers. */
export class PortChannel implements Channel {
  readonly isRemote = false;
  readonly #port: MessagePort;
  /** Buffers that can be transferred, in order, then what is still to be copied into one. */
  #ready: Uint8Array<ArrayBuffer>[] = [];
  #waiting: Uint8Array[] = [];
  #closed = false;
  readonly #flushing: Flushing;

  constructor(port: MessagePort) {
    this.#port = port;
    this.#flushing = new Flushing(queueMicrotask, () => this.#flush());
  }

  write(parts: readonly Uint8Array[], { urgent = true, given = [] }: WriteOptions = {}): void {
    if (this.#closed) return;
    for (const part of parts) this.#waiting.push(part);
    for (const part of given) {
      if (part.length < passedBytes) this.#waiting.push(part);
      else this.#pass(part as Uint8Array<ArrayBuffer>);
    }
    this.#flushing.plan(urgent);
  }

  listen(listener: ChannelListener): void {
    this.#port.on('message', (chunks: readonly Uint8Array[]) => {
      for (const bytes of chunks) listener.data(bytes);
    });
    this.#port.once('close', () => {
      this.#closed = true;
      listener.closed();
    });
  }

  close(): void {
    this.#flushing.stop();
    this.#flush();
    this.#closed = true;
    this.#port.close();
  }

  #flush(): void {
    if (this.#closed) return;
    this.#gather();
    const ready = this.#ready;
    this.#ready = [];
    if (ready.length === 0) return;
    this.#port.postMessage(
      ready,
      ready.map(({ buffer }) => buffer),
    );
  }

  #pass(part: Uint8Array<ArrayBuffer>): void {
    this.#gather();
    this.#ready.push(part);
  }

  /** Makes one buffer of what waits. */
  #gather(): void {
    if (this.#waiting.length === 0) return;
    // In memory of its own, since pooled memory cannot be transferred.
    this.#ready.push(copyOfAll(this.#waiting));
    this.#waiting = [];
  }
}

/** How long something that is not urgent waits for company, in milliseconds. */
const lingerMs = 1;

/** Decides when what was written goes out. */
class Flushing {
  readonly #soon: (task: () => void) => void;
  readonly #flush: () => void;
  #isSoon = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(soon: (task: () => void) => void, flush: () => void) {
    this.#soon = soon;
    this.#flush = flush;
  }

  plan(urgent: boolean): void {
    if (this.#isSoon) return;
    if (!urgent) {
      this.#timer ??= setTimeout(() => this.#run(), lingerMs);
      return;
    }
    this.#isSoon = true;
    this.#soon(() => this.#run());
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #run(): void {
    this.#isSoon = false;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#flush();
  }
}
