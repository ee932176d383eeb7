import { describe, expect, it } from 'vitest';
import * as fc from 'fast-check';
import { MillraceError } from '@millrace/core';
import { encodeFrame, FrameDecoder, frameType, maxFrameBytes } from '../../src/wire/frame.ts';
import type { Frame } from '../../src/wire/frame.ts';

const frames = fc.array(
  fc.record({
    type: fc.constantFrom(...Object.values(frameType)),
    id: fc.integer({ min: 0, max: 0xffffffff }),
    meta: fc.option(fc.jsonValue(), { nil: undefined }),
    body: fc.uint8Array({ maxLength: 300 }),
  }),
  { maxLength: 8 },
);

function decoded(chunks: Iterable<Uint8Array>): Frame[] {
  const decoder = new FrameDecoder();
  const found: Frame[] = [];
  for (const chunk of chunks) for (const frame of decoder.push(chunk)) found.push({ ...frame, body: Uint8Array.from(frame.body) });
  return found;
}

function* cut(bytes: Uint8Array, sizes: readonly number[]): IterableIterator<Uint8Array> {
  let at = 0;
  for (let i = 0; at < bytes.length; i++) {
    const size = sizes.length === 0 ? bytes.length : sizes[i % sizes.length]!;
    yield bytes.slice(at, (at += size));
  }
}

describe('frames', () => {
  it('come out as they went in, however the stream is cut', () => {
    fc.assert(
      fc.property(frames, fc.array(fc.integer({ min: 1, max: 50 }), { maxLength: 10 }), (sent, sizes) => {
        const stream = Buffer.concat(sent.flatMap(({ type, id, meta, body }) => encodeFrame(type, id, meta, [body])));
        const expected = sent.map((frame) => ({
          ...frame,
          meta: frame.meta === undefined ? undefined : (JSON.parse(JSON.stringify(frame.meta)) as unknown),
        }));
        expect(decoded(cut(stream, sizes))).toEqual(expected);
      }),
    );
  });

  it('never do anything but decode or be refused, whatever bytes come', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 60 }), { maxLength: 6 }), (chunks) => {
        try {
          decoded(chunks);
        } catch (error) {
          expect(error).toBeInstanceOf(MillraceError);
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('are refused or decoded when bytes of good ones are altered', () => {
    fc.assert(
      fc.property(frames, fc.nat(), fc.integer({ min: 0, max: 255 }), (sent, place, value) => {
        const stream = Buffer.concat(sent.flatMap(({ type, id, meta, body }) => encodeFrame(type, id, meta, [body])));
        if (stream.length > 0) stream[place % stream.length] = value;
        try {
          decoded([stream]);
        } catch (error) {
          expect(error).toBeInstanceOf(MillraceError);
        }
      }),
    );
  });

  it('that claim to be huge are refused before memory is taken for them', () => {
    const head = Buffer.alloc(13);
    head.writeUInt32LE(maxFrameBytes + 1, 0);
    head.writeUInt8(frameType.request, 4);
    expect(() => decoded([head])).toThrow(expect.objectContaining({ reason: 'FRAME_INVALID' }));
    expect(() => encodeFrame(frameType.request, 1, {}, [new Uint8Array(maxFrameBytes)])).toThrow(
      expect.objectContaining({ reason: 'FRAME_TOO_LARGE', code: 'RESOURCE_EXHAUSTED' }),
    );
  });
});
