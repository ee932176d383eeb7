import { Buffer } from 'node:buffer';
import type { Socket } from 'node:net';
import type { MessagePort } from 'node:worker_threads';

/** What is done with what comes through a channel. */
export interface ChannelListener {
  data(bytes: Uint8Array): void;
  /** Called once, whoever ended it. */
  closed(): void;
}

/** A stream of bytes in both directions. */
export interface Channel {
  /**
   * Sends the parts in order; all that is written in one turn goes out together. What is not `urgent` goes with what is written
   * next, or alone a moment later: waking the other side costs more than all else. Ignored when closed.
   */
  write(parts: readonly Uint8Array[], urgent?: boolean): void;
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

  write(parts: readonly Uint8Array[], urgent = true): void {
    if (this.#socket.destroyed) return;
    if (!this.#corked) this.#socket.cork();
    this.#corked = true;
    for (const part of parts) this.#socket.write(part);
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

/** A channel between threads: what one turn writes is one transferred buffer. */
export class PortChannel implements Channel {
  readonly isRemote = false;
  readonly #port: MessagePort;
  #waiting: Uint8Array[] = [];
  #bytes = 0;
  #closed = false;
  readonly #flushing: Flushing;

  constructor(port: MessagePort) {
    this.#port = port;
    this.#flushing = new Flushing(queueMicrotask, () => this.#flush());
  }

  write(parts: readonly Uint8Array[], urgent = true): void {
    if (this.#closed) return;
    for (const part of parts) {
      this.#waiting.push(part);
      this.#bytes += part.length;
    }
    this.#flushing.plan(urgent);
  }

  listen(listener: ChannelListener): void {
    this.#port.on('message', (bytes: Uint8Array) => listener.data(bytes));
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
    if (this.#waiting.length === 0 || this.#closed) return;
    // Of its own memory, since pooled memory cannot be transferred.
    const bytes = Buffer.allocUnsafeSlow(this.#bytes);
    let at = 0;
    for (const part of this.#waiting) {
      bytes.set(part, at);
      at += part.length;
    }
    this.#waiting = [];
    this.#bytes = 0;
    this.#port.postMessage(bytes, [bytes.buffer]);
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
