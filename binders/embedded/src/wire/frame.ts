import { Buffer } from 'node:buffer';
import { raise } from '../errors.ts';

/** What a frame is. `request` carries `[operation, ask, sequence]`, `answer` the answer, `failure` an error, `cancel` nothing. */
export const frameType = { request: 1, answer: 2, failure: 3, cancel: 4 } as const;
export type FrameType = (typeof frameType)[keyof typeof frameType];

/** Bytes of one frame at most, checked before anything is allocated for it. */
export const maxFrameBytes = 64 * 1024 * 1024;

/** Length of what follows · type · id · length of meta; then meta as JSON, then the body. Numbers are little-endian. */
const headBytes = 13;

export interface Frame {
  readonly type: FrameType;
  readonly id: number;
  readonly meta: unknown;
  /** A view of the bytes that were received. */
  readonly body: Uint8Array;
}

/** The pieces of a frame, to be written one after another. Throws `RESOURCE_EXHAUSTED` if it would be too large. */
export function encodeFrame(type: FrameType, id: number, meta: unknown, body: readonly Uint8Array[] = []): Uint8Array[] {
  const text = meta === undefined ? '' : JSON.stringify(meta, type === frameType.failure ? plain : undefined);
  const metaBytes = Buffer.byteLength(text);
  let length = headBytes - 4 + metaBytes;
  for (const part of body) length += part.length;
  if (length > maxFrameBytes) throw raise('FRAME_TOO_LARGE', { size: length, limit: maxFrameBytes });
  const head = Buffer.allocUnsafe(headBytes + metaBytes);
  head.writeUInt32LE(length, 0);
  head.writeUInt8(type, 4);
  head.writeUInt32LE(id, 5);
  head.writeUInt32LE(metaBytes, 9);
  head.write(text, headBytes);
  return [head, ...body];
}

/** What JSON does not know, as text: details of errors can hold anything. Costs more than all else, so only there. */
function plain(_: string, value: unknown): unknown {
  return typeof value === 'bigint' ? String(value) : value;
}

/** Cuts a stream of bytes, in pieces of any size, into frames. Throws `INVALID_ARGUMENT` on what is none; it cannot go on then. */
export class FrameDecoder {
  #rest: Buffer | undefined;
  #unfinished: UnfinishedFrame | undefined;

  *push(chunk: Uint8Array): IterableIterator<Frame> {
    let bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length);
    if (this.#unfinished !== undefined) {
      bytes = bytes.subarray(this.#unfinished.take(bytes));
      const { frame } = this.#unfinished;
      if (frame === undefined) return;
      this.#unfinished = undefined;
      yield frame;
    } else if (this.#rest !== undefined) {
      bytes = Buffer.concat([this.#rest, bytes]);
      this.#rest = undefined;
    }
    yield* this.#cut(bytes);
  }

  *#cut(bytes: Buffer): IterableIterator<Frame> {
    let at = 0;
    while (bytes.length - at >= headBytes) {
      const size = checkedSize(bytes, at);
      if (bytes.length - at < size) {
        this.#unfinished = new UnfinishedFrame(bytes.subarray(at), size);
        return;
      }
      yield decodeFrame(bytes.subarray(at, at + size));
      at += size;
    }
    if (at < bytes.length) this.#rest = Buffer.from(bytes.subarray(at));
  }
}

/** A frame that comes in pieces. They are copied together, except where the body is a piece of its own. */
class UnfinishedFrame {
  readonly #size: number;
  #bytes: Buffer;
  #filled: number;
  #body: Buffer | undefined;

  /** `start`: at least all before its meta. */
  constructor(start: Buffer, size: number) {
    this.#size = size;
    this.#bytes = start;
    this.#filled = start.length;
  }

  /** Takes what belongs to it; returns how many bytes those are. */
  take(bytes: Buffer): number {
    const missing = this.#size - this.#filled;
    if (this.#filled === metaEndOf(this.#bytes) && bytes.length >= missing) {
      this.#body = bytes.subarray(0, missing);
      return missing;
    }
    if (this.#bytes.length < this.#size) {
      const whole = Buffer.allocUnsafeSlow(this.#size);
      this.#bytes.copy(whole);
      this.#bytes = whole;
    }
    const taken = bytes.copy(this.#bytes, this.#filled);
    this.#filled += taken;
    return taken;
  }

  /** Once all of it is there. */
  get frame(): Frame | undefined {
    if (this.#body !== undefined) return decodeFrame(this.#bytes, this.#body);
    return this.#filled === this.#size ? decodeFrame(this.#bytes) : undefined;
  }
}

/** Where the body begins. */
function metaEndOf(bytes: Buffer): number {
  return headBytes + bytes.readUInt32LE(9);
}

function checkedSize(bytes: Buffer, at: number): number {
  const length = bytes.readUInt32LE(at);
  if (length > maxFrameBytes || length < headBytes - 4) throw raise('FRAME_INVALID', { what: `a length of ${length} bytes` });
  if (bytes.readUInt32LE(at + 9) > length - (headBytes - 4)) throw raise('FRAME_INVALID', { what: 'meta longer than the frame' });
  return length + 4;
}

function decodeFrame(bytes: Buffer, body: Buffer = bytes.subarray(metaEndOf(bytes))): Frame {
  const type = bytes.readUInt8(4);
  if (type < frameType.request || type > frameType.cancel) throw raise('FRAME_INVALID', { what: `type ${type}` });
  const metaEnd = metaEndOf(bytes);
  return {
    type: type as FrameType,
    id: bytes.readUInt32LE(5),
    meta: metaEnd === headBytes ? undefined : parsed(bytes.toString('utf8', headBytes, metaEnd)),
    body,
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw raise('FRAME_INVALID', { what: 'meta that is no JSON' }, error);
  }
}
