import { Buffer } from 'node:buffer';
import { MessageChannel } from 'node:worker_threads';
import { afterEach, describe, expect, it } from 'vitest';
import { copyOf } from '../../src/bytes.ts';
import { PortChannel } from '../../src/wire/channel.ts';
import { encodeFrame, FrameDecoder, frameType } from '../../src/wire/frame.ts';
import type { Frame } from '../../src/wire/frame.ts';

const channels: PortChannel[] = [];
afterEach(() => {
  for (const channel of channels.splice(0)) channel.close();
});

/** A channel, and the frames that come out of its other end once there are so many. */
function connected(count: number) {
  const { port1, port2 } = new MessageChannel();
  const [near, far] = [new PortChannel(port1), new PortChannel(port2)];
  channels.push(near, far);
  const decoder = new FrameDecoder();
  const frames: Frame[] = [];
  const arrived = new Promise<Frame[]>((resolve) => {
    far.listen({
      data: (bytes) => {
        frames.push(...decoder.push(bytes));
        if (frames.length === count) resolve(frames);
      },
      closed: () => undefined,
    });
  });
  return { near, arrived };
}

/** Both ends of a channel whose far end sends a word back for each large piece, having released it. */
function answering() {
  const { port1, port2 } = new MessageChannel();
  const [near, far] = [new PortChannel(port1, { returned: true }), new PortChannel(port2)];
  channels.push(near, far);
  const seen: { readonly buffer: ArrayBufferLike; readonly value: number; readonly size: number }[] = [];
  far.listen({
    data: (bytes) => {
      seen.push({ buffer: bytes.buffer, value: bytes[0]!, size: bytes.buffer.byteLength });
      far.release(bytes);
      far.write([Buffer.from('done')]);
    },
    closed: () => undefined,
  });
  const heard: (() => void)[] = [];
  near.listen({ data: () => heard.shift()!(), closed: () => undefined });
  const send = (part: Uint8Array) =>
    new Promise<void>((resolve) => {
      heard.push(resolve);
      near.write([part]);
    });
  return { send, seen };
}

const large = (value: number) => copyOf(Buffer.alloc(100_000, value));

describe('a channel between threads', () => {
  it('keeps the order of what is copied and what is passed on', async () => {
    const { near, arrived } = connected(4);
    near.write(encodeFrame(frameType.answer, 1, { n: 1 }));
    near.write(encodeFrame(frameType.answer, 2, { n: 2 }, [large(2), Buffer.from('x'), large(3)]).slice(0, 1), {
      given: [large(2), Buffer.from('x'), large(3)],
    });
    near.write(encodeFrame(frameType.answer, 3, undefined, [large(4)]).slice(0, 1), { given: [large(4)] });
    near.write(encodeFrame(frameType.answer, 4, { n: 4 }, [Buffer.from('end')]));
    const frames = await arrived;
    expect(frames.map(({ id, meta }) => [id, meta])).toEqual([
      [1, { n: 1 }],
      [2, { n: 2 }],
      [3, undefined],
      [4, { n: 4 }],
    ]);
    expect(Buffer.compare(frames[1]!.body, Buffer.concat([large(2), Buffer.from('x'), large(3)]))).toBe(0);
    expect(Buffer.compare(frames[2]!.body, large(4))).toBe(0);
    expect(Buffer.from(frames[3]!.body).toString()).toBe('end');
  });

  it('gets the memory of large pieces back, and of no others', async () => {
    const { send, seen } = answering();
    for (const value of [1, 2, 3]) {
      const part = large(value);
      await send(part);
      // What is sent stays the sender's.
      expect(part.every((byte) => byte === value)).toBe(true);
    }
    expect(seen.map(({ value }) => value)).toEqual([1, 2, 3]);
    expect(seen[0]!.buffer.byteLength).toBe(0);
    expect(seen[2]!.size).toBe(1 << 17);
    await send(Buffer.from('small'));
    expect(Buffer.from(seen[3]!.buffer).toString()).toBe('small');
  });

  it('passes given memory on and leaves all other as it is, whatever pool it is of', async () => {
    const { near, arrived } = connected(1);
    const neighbour = Buffer.from('of the same pool');
    const given = large(7);
    // A head that is as large as what is passed on, yet in pooled memory.
    const [head] = encodeFrame(frameType.answer, 1, 'm'.repeat(Buffer.poolSize / 2 - 100), [given]);
    near.write([head!], { given: [given] });
    const [frame] = await arrived;
    expect(given.buffer.detached).toBe(true);
    expect(neighbour.toString()).toBe('of the same pool');
    expect(frame!.body.length).toBe(100_000);
    expect(frame!.body.every((byte) => byte === 7)).toBe(true);
  });
});
