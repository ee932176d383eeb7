import { raise } from '../errors.ts';

/** Something that a client attached and that goes with its connection. */
export interface Attached {
  /** The client is gone. */
  close(): void;
}

/** A connected client and what it has attached; all of it goes when the connection does. */
export class Session {
  readonly #attached = new Map<string, Attached>();
  readonly #waiting = new Set<() => void>();
  /** Identity of the client across connections, for recognising repeated requests. */
  producer: string | undefined;
  closed = false;

  attach(id: string, attached: Attached): void {
    this.#attached.get(id)?.close();
    this.#attached.set(id, attached);
  }

  /** What is attached under this name; `consumerGone` if nothing of this kind is. */
  attached<Kind extends Attached>(kind: Constructor<Kind>, id: string): Kind {
    const attached = this.#attached.get(id);
    if (!(attached instanceof kind)) throw raise('CONSUMER_GONE', { consumer: id });
    return attached;
  }

  /** As {@link attached}, and it is no longer; nothing if the connection was lost meanwhile and it went with it. */
  detach<Kind extends Attached>(kind: Constructor<Kind>, id: string): Kind | undefined {
    const attached = this.#attached.get(id);
    if (!(attached instanceof kind)) return undefined;
    this.#attached.delete(id);
    return attached;
  }

  /** Runs `task` when the session ends; returns how to take that back. */
  onClose(task: () => void): () => void {
    this.#waiting.add(task);
    return () => this.#waiting.delete(task);
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    for (const task of this.#waiting) task();
    this.#waiting.clear();
    for (const attached of this.#attached.values()) attached.close();
    this.#attached.clear();
  }
}

type Constructor<Kind> = new (...args: never[]) => Kind;
