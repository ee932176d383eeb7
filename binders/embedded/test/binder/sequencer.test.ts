import { describe, expect, it } from 'vitest';
import { Sequencer } from '../../src/binder/sequencer.ts';
import { sequenceWindow } from '../../src/wire/protocol.ts';

describe('the numbers of requests', () => {
  it('are never further apart than the broker remembers, and are given in order', async () => {
    const sequencer = new Sequencer();
    const given: number[] = [];
    const ask = async (): Promise<unknown> => sequencer.begin((number) => Promise.resolve(given.push(number)));
    const first = Array.from({ length: sequenceWindow }, ask);
    expect(given).toEqual(Array.from({ length: sequenceWindow }, (_, i) => i + 1));
    const next = [ask(), ask()];
    sequencer.settled(2);
    expect(given).toHaveLength(sequenceWindow);
    sequencer.settled(1);
    // Those that waited have begun before anything else can ask.
    expect(given.slice(sequenceWindow)).toEqual([sequenceWindow + 1, sequenceWindow + 2]);
    await Promise.all([...first, ...next]);
  });
});
