import { raise } from '../errors.ts';
import type { GroupConsumer } from './group-handlers.ts';
import type { AttachedQueueConsumer } from './queue-handlers.ts';
import type { RegionWatcher } from './region-watcher.ts';

interface AttachedWatcher {
  readonly kind: 'watch';
  readonly watcher: RegionWatcher;
}

type Attached = GroupConsumer | AttachedQueueConsumer | AttachedWatcher;

/** A connected client and what it has attached; all of it goes when the connection does. */
export class Session {
  readonly #attached = new Map<string, Attached>();
  readonly #waiting = new Set<() => void>();
  /** Identity of the client across connections, for recognising repeated requests. */
  producer: string | undefined;
  closed = false;

  attach(id: string, attached: Attached): void {
    this.#release(this.#attached.get(id));
    this.#attached.set(id, attached);
  }

  /** What is no longer attached is returned; nothing if the connection was lost meanwhile and it went with it. */
  detach(id: string): Attached | undefined {
    const attached = this.#attached.get(id);
    this.#attached.delete(id);
    return attached;
  }

  groupConsumer(id: string): GroupConsumer {
    const attached = this.#attached.get(id);
    if (attached?.kind !== 'group') throw raise('consumerGone', { consumer: id });
    return attached;
  }

  queueConsumer(id: string): AttachedQueueConsumer {
    const attached = this.#attached.get(id);
    if (attached?.kind !== 'queue') throw raise('consumerGone', { consumer: id });
    return attached;
  }

  watcher(id: string): RegionWatcher {
    const attached = this.#attached.get(id);
    if (attached?.kind !== 'watch') throw raise('consumerGone', { consumer: id });
    return attached.watcher;
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
    for (const attached of this.#attached.values()) this.#release(attached);
    this.#attached.clear();
  }

  #release(attached: Attached | undefined): void {
    if (attached === undefined) return;
    if (attached.kind === 'group') attached.group.leave(attached.member);
    else if (attached.kind === 'queue') attached.queue.leave(attached.state);
    else attached.watcher.close();
  }
}
