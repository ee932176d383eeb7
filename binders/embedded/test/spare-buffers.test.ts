import { Buffer } from 'node:buffer';
import { describe, expect, it } from 'vitest';
import { isSpare, SpareBuffers } from '../src/spare-buffers.ts';

describe('spare buffers', () => {
  it('are used again once they were given back', () => {
    const spares = new SpareBuffers();
    const first = spares.take(100_000);
    expect(first.length).toBeGreaterThanOrEqual(100_000);
    const second = spares.take(100_000);
    expect(second.buffer).not.toBe(first.buffer);
    spares.giveBack(first.subarray(10, 20));
    expect(spares.take(80_000).buffer).toBe(first.buffer);
    expect(spares.bytes).toBe(0);
  });

  it('are not taken back twice, nor is memory that was never lent', () => {
    const spares = new SpareBuffers();
    const lent = spares.take(50_000);
    spares.giveBack(lent);
    spares.giveBack(lent);
    // Of the pool of Node.js, which has a size in which memory is lent.
    spares.giveBack(Buffer.allocUnsafe(10));
    spares.giveBack(new Uint8Array(1 << 16));
    expect(spares.bytes).toBe(lent.buffer.byteLength);
  });

  it('are bounded, and what is too large for them comes and goes', () => {
    const spares = new SpareBuffers();
    for (let n = 0; n < 10; n++) spares.add(new ArrayBuffer(1 << 22));
    expect(spares.bytes).toBe(1 << 24);
    const huge = new SpareBuffers();
    const taken = huge.take(5_000_000);
    expect(taken.length).toBe(5_000_000);
    huge.giveBack(taken);
    expect(huge.bytes).toBe(0);
    expect(isSpare(taken.buffer)).toBe(false);
  });
});
