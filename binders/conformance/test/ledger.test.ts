import { MillraceError } from '@millrace/core';
import { describe, expect, it } from 'vitest';
import { DeliveryLedger } from '../src/index.ts';

function sent(ledger: DeliveryLedger, ...ids: readonly string[]): void {
  for (const id of ids) {
    ledger.attempted(id);
    ledger.acknowledged(id);
  }
}

describe('DeliveryLedger', () => {
  it('is content when everything acknowledged was received once', () => {
    const ledger = new DeliveryLedger();
    sent(ledger, 'a', 'b');
    ledger.received('b');
    ledger.received('a');
    ledger.check({ duplicates: 'none' });
    expect(ledger.summary()).toEqual({ attempts: 2, acks: 2, ok: 2, lost: 0, unexpected: 0, duplicated: 0, recovered: 0 });
  });

  it('counts and names what was acknowledged and never came', () => {
    const ledger = new DeliveryLedger();
    sent(ledger, 'a', 'b', 'c');
    ledger.received('b');
    expect(ledger.missing()).toEqual(['a', 'c']);
    expect(() => ledger.check()).toThrow(/acknowledged messages were lost; attempts 3, acks 3, ok 1, lost 2, .*for example a, c$/);
  });

  it('raises DATA_LOSS with the ids', () => {
    const ledger = new DeliveryLedger();
    sent(ledger, 'a');
    let caught: unknown;
    try {
      ledger.check();
    } catch (error) {
      caught = error;
    }
    expect(caught).toBeInstanceOf(MillraceError);
    expect(caught).toMatchObject({ code: 'DATA_LOSS', details: { ids: ['a'] } });
  });

  it('shows five examples of many', () => {
    const ledger = new DeliveryLedger();
    sent(ledger, '1', '2', '3', '4', '5', '6');
    expect(() => ledger.check()).toThrow(/for example 1, 2, 3, 4, 5, …$/);
  });

  it('does not expect what was never sent', () => {
    const ledger = new DeliveryLedger();
    ledger.received('ghost');
    expect(ledger.summary()).toMatchObject({ ok: 0, unexpected: 1 });
    expect(() => ledger.check()).toThrow(/never accepted.*ghost/);
  });

  it('does not expect what was refused for certain', () => {
    const ledger = new DeliveryLedger();
    ledger.attempted('a');
    ledger.refused('a');
    ledger.received('a');
    expect(() => ledger.check()).toThrow(/never accepted/);
  });

  it('forgets a refusal when the message is sent again', () => {
    const ledger = new DeliveryLedger();
    ledger.attempted('a');
    ledger.refused('a');
    sent(ledger, 'a');
    ledger.received('a');
    ledger.check({ duplicates: 'none' });
    expect(ledger.summary()).toMatchObject({ attempts: 1, acks: 1, ok: 1 });
  });

  it('calls recovered what came although its outcome was unknown', () => {
    const ledger = new DeliveryLedger();
    ledger.attempted('a');
    ledger.received('a');
    ledger.check({ duplicates: 'none' });
    expect(ledger.summary()).toMatchObject({ acks: 0, ok: 1, recovered: 1 });
  });

  it('may lose what was not acknowledged', () => {
    const ledger = new DeliveryLedger();
    ledger.attempted('a');
    ledger.check({ duplicates: 'none' });
    expect(ledger.summary()).toMatchObject({ attempts: 1, lost: 0 });
  });

  it('counts each receipt too many, and minds only when told to', () => {
    const ledger = new DeliveryLedger();
    sent(ledger, 'a', 'b');
    for (const id of ['a', 'b', 'a', 'a']) ledger.received(id);
    expect(ledger.summary()).toMatchObject({ ok: 2, duplicated: 2 });
    expect(ledger.receivedCount).toBe(2);
    ledger.check();
    expect(() => ledger.check({ duplicates: 'none' })).toThrow(/more than once.*duplicated 2/);
  });
});
