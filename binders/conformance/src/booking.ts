import type { Delivery, DeliverySource, OutboundMessage, ProducerBinding, SendOutcome } from '@millrace/messaging/binder';
import { kitError } from './errors.ts';
import type { Kit } from './kit.ts';
import type { DeliveryLedger } from './ledger.ts';
import { textOf } from './messages.ts';

/** Sends each message alone, without waiting for the one before, and books what became of it. Messages are told apart by payload. */
export async function sendBooked(
  kit: Kit,
  producer: Pick<ProducerBinding, 'send'>,
  ledger: DeliveryLedger,
  messages: readonly OutboundMessage[],
  ms: number = kit.timeouts.settleMs,
): Promise<void> {
  const sends = messages.map((message) => {
    const id = textOf(message.payload) ?? '';
    ledger.attempted(id);
    return producer.send([message]).then(
      ([outcome]) => book(kit, ledger, id, outcome),
      (error: unknown) => void bookFailure(kit, ledger, id, error),
    );
  });
  await kit.within(Promise.all(sends), `${messages.length} sends`, ms);
}

/** Books one outcome; returns whether the message was accepted. */
export function book(kit: Kit, ledger: DeliveryLedger, id: string, outcome: SendOutcome | undefined): boolean {
  if (outcome === undefined) throw new TypeError(`no outcome for the message '${id}'; a send has one outcome per message`);
  if (outcome.error !== undefined) return bookFailure(kit, ledger, id, outcome.error);
  ledger.acknowledged(id);
  return true;
}

/** Receives and acknowledges until every acknowledged message has come, and then for as long as more comes. */
export async function drainBooked<D extends Delivery>(
  kit: Kit,
  source: DeliverySource<D>,
  ledger: DeliveryLedger,
  ms: number = kit.timeouts.settleMs,
): Promise<void> {
  const take = async (batch: readonly D[]) => {
    for (const delivery of batch) ledger.received(textOf(delivery.payload) ?? '');
    await kit.within(source.ack(batch), 'ack', ms);
  };
  while (ledger.missing().length > 0) {
    const what = `receive, with ${ledger.toString()},`;
    const batch = await kit.within(source.receive(1000), what, ms).catch((error: unknown) => {
      // What counts is what is missing; that the wait ended is how it shows.
      ledger.check();
      throw error;
    });
    if (batch.length === 0) throw kitError('SOURCE_CLOSED', { what });
    await take(batch);
  }
  for (let batch = await remaining(kit, source, ms); batch.length > 0; batch = await remaining(kit, source, ms)) await take(batch);
}

async function remaining<D extends Delivery>(kit: Kit, source: DeliverySource<D>, ms: number): Promise<readonly D[]> {
  const { quietMs } = kit.timeouts;
  const receiving = kit.meanwhile(source.receive(1000, quietMs));
  await kit.pass(quietMs);
  return kit.within(receiving, 'receive with waitMs', ms);
}

function bookFailure(kit: Kit, ledger: DeliveryLedger, id: string, error: unknown): boolean {
  if (kit.binder.errorCode(error) !== 'INDETERMINATE') ledger.refused(id);
  return false;
}
