import type { Answer, OperationName } from '../wire/protocol.ts';
import { sequenceWindow } from '../wire/protocol.ts';
import type { Call } from './call.ts';
import type { Control } from './control.ts';
import type { Staged } from './stage.ts';

/** What a client was answered, stored together with what it asked for. */
interface Remembered {
  readonly sequence: number;
  readonly answer: unknown;
  /** Milliseconds since the epoch. */
  readonly time: number;
}

const hour = 3_600_000;

/**
 * Recognises operations that a client repeats because it lost the connection before the answer: done once, answered twice. The
 * memory of it is part of the same commit as the operation itself.
 */
export class Producers {
  readonly #control: Control;
  readonly #now: () => number;

  constructor(control: Control, now: () => number) {
    this.#control = control;
    this.#now = now;
  }

  /** What a call was answered that was done before; durable after the next commit at the latest. */
  answerBefore<Name extends OperationName>(call: Call<Name>): Answer<Name> | undefined {
    const key = keyOf(call);
    const known = key === undefined ? undefined : (this.#control.latest(key) as Remembered | undefined);
    return known?.sequence === call.sequence ? (known?.answer as Answer<Name>) : undefined;
  }

  /** What is staged for a call, with the memory of it; to be added at once. `answer` is what is known of it by now. */
  guard<Name extends OperationName>(call: Call<Name>, answer: Answer<Name>, staged: Staged): Staged {
    const key = keyOf(call);
    if (key === undefined) return staged;
    const remembered: Remembered = { sequence: call.sequence!, answer, time: this.#now() };
    this.#control.put(key, remembered);
    return {
      batches: staged.batches,
      applied: (bases) => staged.applied(bases),
      failed: (error) => {
        this.#control.put(key, undefined);
        staged.failed(error);
      },
    };
  }

  /** The client is gone for good. */
  leave(producer: string): void {
    for (let slot = 0; slot < sequenceWindow; slot++) {
      const key = slotKey(producer, slot);
      if (this.#control.latest(key) !== undefined) this.#control.put(key, undefined);
    }
  }

  /** Forgets clients that went without a word long ago. */
  prune(): void {
    const oldest = this.#now() - hour;
    for (const [key, value] of this.#control.entries('p|'))
      if ((value as Remembered).time < oldest) this.#control.put(key, undefined);
  }
}

function keyOf<Name extends OperationName>({ sequence, session }: Call<Name>): string | undefined {
  if (sequence === undefined || session.producer === undefined) return undefined;
  return slotKey(session.producer, sequence % sequenceWindow);
}

function slotKey(producer: string, slot: number): string {
  return `p|${producer}|${slot}`;
}
