import type { Socket } from 'node:net';
import type { MessagePort } from 'node:worker_threads';
import { copyOf, copyOfAll } from '../bytes.ts';
import { isSpare, SpareBuffers } from '../spare-buffers.ts';

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
  /** These bytes, all that came in one piece, are not used here any more: the other side may have their memory again. */
  release(bytes: Uint8Array): void;
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

  release(): void {}

  close(): void {
    this.#flushing.stop();
    this.#socket.destroy();
  }

  #flush(): void {
    this.#corked = false;
    this.#socket.uncork();
  }
}

/** Parts of at least this size are a piece of their own; given ones are passed on as they are. */
const pieceBytes = 1 << 14;

/** What goes from one thread to the other at once. */
interface PortMessage {
  readonly pieces: readonly Uint8Array<ArrayBuffer>[];
  /** Memory that came in earlier pieces, to be used again. */
  readonly spent: readonly ArrayBuffer[];
}

/** A channel between threads: what one turn writes is one message of few transferred buffers. Large ones come back to be used again. */
export class PortChannel implements Channel {
  readonly isRemote = false;
  readonly #port: MessagePort;
  /** Only where the other side gives memory back. */
  readonly #spares: SpareBuffers | undefined;
  /** What can be transferred, in order, then what is still to be copied together. */
  #pieces: Uint8Array<ArrayBuffer>[] = [];
  #waiting: Uint8Array[] = [];
  #spent: ArrayBuffer[] = [];
  #closed = false;
  readonly #flushing: Flushing;

  /** `returned`: whether the other side releases what it is sent. */
  constructor(port: MessagePort, { returned = false } = {}) {
    this.#port = port;
    this.#spares = returned ? new SpareBuffers() : undefined;
    this.#flushing = new Flushing(queueMicrotask, () => this.#flush());
  }

  write(parts: readonly Uint8Array[], { urgent = true, given = [] }: WriteOptions = {}): void {
    if (this.#closed) return;
    for (const part of parts) {
      if (part.length < pieceBytes) this.#waiting.push(part);
      else this.#piece(this.#copy(part));
    }
    for (const part of given) {
      if (part.length < pieceBytes) this.#waiting.push(part);
      else this.#piece(part as Uint8Array<ArrayBuffer>);
    }
    this.#flushing.plan(urgent);
  }

  listen(listener: ChannelListener): void {
    this.#port.on('message', ({ pieces, spent }: PortMessage) => {
      for (const buffer of spent) this.#spares?.add(buffer);
      for (const bytes of pieces) listener.data(bytes);
    });
    this.#port.once('close', () => {
      this.#closed = true;
      listener.closed();
    });
  }

  release({ byteOffset, buffer }: Uint8Array): void {
    // What was copied together begins with the head of a frame, so that bytes at the front were a piece of their own.
    if (byteOffset === 0 && isSpare(buffer)) this.#spent.push(buffer as ArrayBuffer);
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
    const message: PortMessage = { pieces: this.#pieces, spent: this.#spent };
    this.#pieces = [];
    this.#spent = [];
    if (message.pieces.length > 0)
      this.#port.postMessage(message, [...message.pieces.map(({ buffer }) => buffer), ...message.spent]);
  }

  #piece(part: Uint8Array<ArrayBuffer>): void {
    this.#gather();
    this.#pieces.push(part);
  }

  #copy(part: Uint8Array): Uint8Array<ArrayBuffer> {
    if (this.#spares === undefined) return copyOf(part);
    const copy = this.#spares.take(part.length);
    copy.set(part);
    return copy.subarray(0, part.length);
  }

  /** Makes one buffer of what waits. */
  #gather(): void {
    if (this.#waiting.length === 0) return;
    // In memory of its own, since pooled memory cannot be transferred.
    this.#pieces.push(copyOfAll(this.#waiting));
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
