import { describe, expect, it } from 'vitest';
import { Sequencer } from '../../src/binder/sequencer.ts';
import { sequenceWindow } from '../../src/wire/protocol.ts';
import { settle } from '../support.ts';

describe('the numbers of requests', () => {
  it('are never further apart than the broker remembers', async () => {
    const sequencer = new Sequencer();
    const first = Array.from({ length: sequenceWindow }, () => sequencer.take());
    expect(first).toEqual(Array.from({ length: sequenceWindow }, (_, i) => i + 1));
    const given: number[] = [];
    const next = [sequencer.take(), sequencer.take()].map(async (number) => void given.push(await number));
    sequencer.settled(2);
    await settle();
    expect(given).toEqual([]);
    sequencer.settled(1);
    await Promise.all(next);
    expect(given).toEqual([sequenceWindow + 1, sequenceWindow + 2]);
  });
});
