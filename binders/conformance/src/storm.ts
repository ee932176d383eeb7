import type { ProducerBinding } from '@millrace/messaging/binder';
import { book } from './booking.ts';
import { sleep } from './kit.ts';
import type { Kit } from './kit.ts';
import type { DeliveryLedger } from './ledger.ts';
import { message } from './messages.ts';
import type { Need } from './scenario.ts';

/** A fault that the harness can cause, from which everything must recover by itself. */
export interface Fault {
  readonly name: string;
  readonly needs: readonly Need[];
  strike(kit: Kit): Promise<void>;
}

/** Causes a fault twice while work goes on. Before, between and after, the work must make progress: recovery is part of the test. */
export class Storm {
  readonly #kit: Kit;
  readonly #fault: Fault;
  #isOver = false;

  constructor(kit: Kit, fault: Fault) {
    this.#kit = kit;
    this.#fault = fault;
  }

  /** Work goes on until then. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** `done` counts the work; each part between the faults is `step` of it. */
  async rage(done: () => number, step: number): Promise<void> {
    try {
      for (let strikes = 0; strikes < 2; strikes++) {
        await this.#progress(done, step, strikes === 0 ? 'before the fault' : 'after the first fault');
        await this.#fault.strike(this.#kit);
      }
      await this.#progress(done, step, 'after the second fault');
    } finally {
      this.#isOver = true;
    }
  }

  async #progress(done: () => number, step: number, when: string): Promise<void> {
    const goal = done() + step;
    await this.#kit.eventually(`progress by ${step} ${when}`, () => done() >= goal, this.#kit.timeouts.recoverMs);
  }
}

/** Publishes one message after the other, each until it is accepted, as long as `goesOn`. Every attempt must settle in time. */
export async function publish(
  kit: Kit,
  producer: Pick<ProducerBinding, 'send'>,
  ledger: DeliveryLedger,
  prefix: string,
  partitions: number,
  goesOn: () => boolean,
): Promise<void> {
  for (let index = 0; goesOn(); index++) {
    const id = `${prefix}-${index}`;
    const sending = () => producer.send([message(id, { partition: index % partitions })]);
    await retried(kit, `'${id}' being accepted`, async () => {
      ledger.attempted(id);
      const [outcome] = await kit.within(sending(), `the send of '${id}'`, kit.timeouts.recoverMs);
      return book(kit, ledger, id, outcome);
    });
    await sleep(1);
  }
}

/** Tries until `attempt` says yes. A failure is another no, except one that shows that something never settled. */
export async function retried(kit: Kit, what: string, attempt: () => Promise<boolean>): Promise<void> {
  const check = () =>
    attempt().catch((error: unknown) => {
      if (error instanceof Error && 'reason' in error && error.reason === 'NOT_SETTLED') throw error;
      return false;
    });
  await kit.eventually(what, check, kit.timeouts.recoverMs);
}
