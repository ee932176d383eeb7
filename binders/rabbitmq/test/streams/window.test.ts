import { describe, expect, it } from 'vitest';
import { StreamWindow } from '../../src/streams/window.ts';
import { received } from '../message.ts';

function filled(count: number, from = 0): StreamWindow {
  const window = new StreamWindow(0, from);
  for (let offset = from; offset < from + count; offset++) window.add(received(`m${offset}`), offset);
  return window;
}
const offsets = (deliveries: readonly { readonly offset: number }[]): readonly number[] => deliveries.map(({ offset }) => offset);

describe('StreamWindow', () => {
  it('hands out in order and moves its position with acknowledgements', () => {
    const window = filled(5);
    const [a, b, c] = window.take(3, 0);
    expect([window.held, window.position]).toEqual([3, 0]);
    expect(window.acknowledge(b!)).toBe(true);
    expect([window.held, window.position]).toEqual([1, 2]);
    expect(window.acknowledge(a!)).toBe(false);
    window.acknowledge(c!);
    expect(offsets(window.take(9, 0))).toEqual([3, 4]);
  });

  it('goes back to what is released, and takes no late word for it', () => {
    const window = filled(4);
    const all = window.take(4, 0);
    expect(window.rewind(all[1]!)).toBe(true);
    expect(window.acknowledge(all[3]!)).toBe(false);
    expect(window.acknowledge(all[0]!)).toBe(true);
    const again = window.take(9, 0);
    expect(again.map(({ offset, redeliveries }) => [offset, redeliveries])).toEqual([
      [1, 1],
      [2, 1],
      [3, 1],
    ]);
  });

  it('moves elsewhere and forgets', () => {
    const window = filled(4);
    const [first] = window.take(1, 0);
    window.moveTo(100);
    expect(window.acknowledge(first!)).toBe(false);
    expect([window.position, window.readOn, window.held, window.take(9, 0)]).toEqual([100, 100, 0, []]);
  });

  it('leaves aside what it read before', () => {
    const window = filled(2);
    window.add(received('again'), 1);
    window.add(received('new'), 2);
    expect(offsets(window.take(9, 0))).toEqual([0, 1, 2]);
  });

  it('acknowledges a packed message when its last part is done', () => {
    const window = new StreamWindow(0, 0);
    const packed = Buffer.from([0, 0, 0, 1, 97, 0, 0, 0, 1, 98]);
    window.add(received(packed, { headers: { springBatchFormat: 'lengthHeader4' } }), 7);
    const [a, b] = window.take(9, 0);
    window.acknowledge(a!);
    expect(window.position).toBe(7);
    window.acknowledge(b!);
    expect(window.position).toBe(8);
  });

  it('hands nothing out before a delay is over, or when it is not active', () => {
    const window = filled(1);
    window.notBefore = 100;
    expect(window.take(1, 99)).toEqual([]);
    window.state = 'revoking';
    expect(window.take(1, 100)).toEqual([]);
    window.state = 'active';
    expect(offsets(window.take(1, 100))).toEqual([0]);
  });
});
