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
  /** Sends the parts in order; all that is written in one turn goes out together. Ignored when closed. */
  write(parts: readonly Uint8Array[]): void;
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

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.setNoDelay(true);
  }

  write(parts: readonly Uint8Array[]): void {
    if (this.#socket.destroyed) return;
    if (!this.#corked) {
      this.#corked = true;
      this.#socket.cork();
      setImmediate(() => {
        this.#corked = false;
        this.#socket.uncork();
      });
    }
    for (const part of parts) this.#socket.write(part);
  }

  listen(listener: ChannelListener): void {
    this.#socket.on('data', (bytes: Uint8Array) => listener.data(bytes));
    // An error is always followed by close.
    this.#socket.on('error', () => undefined);
    this.#socket.once('close', () => listener.closed());
  }

  close(): void {
    this.#socket.destroy();
  }
}

/** A channel between threads: what one turn writes is one transferred buffer. */
export class PortChannel implements Channel {
  readonly isRemote = false;
  readonly #port: MessagePort;
  #waiting: Uint8Array[] = [];
  #bytes = 0;
  #closed = false;

  constructor(port: MessagePort) {
    this.#port = port;
  }

  write(parts: readonly Uint8Array[]): void {
    if (this.#closed) return;
    if (this.#waiting.length === 0) queueMicrotask(() => this.#flush());
    for (const part of parts) {
      this.#waiting.push(part);
      this.#bytes += part.length;
    }
  }

  listen(listener: ChannelListener): void {
    this.#port.on('message', (bytes: Uint8Array) => listener.data(bytes));
    this.#port.once('close', () => {
      this.#closed = true;
      listener.closed();
    });
  }

  close(): void {
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
