import { describe, expect, it } from 'vitest';
import { ParkedPositions, positioned } from '../../src/parking/positions.ts';
import { received } from '../message.ts';

const ours = (position: number) => received('ours', { headers: { mr_parked_position: position } });
const died = (content: string, second: number) =>
  received(content, { headers: { 'x-death': [{ time: { '!': 'timestamp', value: second } }] } });

describe('ParkedPositions', () => {
  it('grow and never repeat', () => {
    const positions = new ParkedPositions();
    const all = Array.from({ length: 1000 }, () => positions.next());
    expect(all).toEqual([...new Set(all)].toSorted((a, b) => a - b));
  });
});

describe('positioned', () => {
  it('sorts by what messages say', () => {
    expect(positioned([ours(30), ours(10)]).map(({ position }) => position)).toEqual([10, 30]);
  });

  it("gives others' messages a position by when they died, the same each time, in any order", () => {
    const messages = [died('a', 2), died('b', 2), died('c', 1)];
    const once = new Map(positioned(messages).map(({ position, message }) => [message, position]));
    const again = new Map(positioned(messages.toReversed()).map(({ position, message }) => [message, position]));
    for (const message of messages) expect(again.get(message)).toBe(once.get(message));
    expect(Math.floor(once.get(messages[2]!)! / 1e6)).toBe(1);
  });

  it('keeps equal messages apart', () => {
    const [a, b] = positioned([died('same', 5), died('same', 5)]);
    expect(b!.position).toBe(a!.position + 1);
  });
});
