import { raise } from '../errors.ts';

/** Turns payloads into bytes and back for one content type. */
export interface Codec {
  /** What it is for: `application/avro`, a suffix as `application/*+avro`, or a family as `image/*`. */
  readonly contentType: string;
  encode(payload: unknown): Uint8Array;
  decode(bytes: Uint8Array, contentType: string): unknown;
}

/** Content types of payloads that say none: they follow what the payload is. */
export const contentTypes = { json: 'application/json', text: 'text/plain', bytes: 'application/octet-stream' } as const;

/**
 * JSON as Spring Cloud Stream has it: a string is JSON text already and is sent as it is, and text that does not look like JSON
 * (`2026-01-01`, sent by many Spring apps as `application/json`) is read as a string. Broken objects, arrays and strings are errors.
 */
export const jsonCodec: Codec = {
  contentType: contentTypes.json,
  encode(payload) {
    if (payload instanceof Uint8Array) return payload;
    const text = typeof payload === 'string' ? payload : JSON.stringify(payload);
    if (text === undefined) throw new TypeError(`${typeof payload} has no JSON form`);
    return Buffer.from(text);
  },
  decode(bytes) {
    const text = textOf(bytes);
    try {
      return JSON.parse(text);
    } catch (error) {
      if (/^\s*[[{"]/.test(text)) throw error;
      return text;
    }
  },
};

/** UTF-8 text; also takes numbers, booleans and bytes. */
export const textCodec: Codec = {
  contentType: 'text/*',
  encode(payload) {
    if (payload instanceof Uint8Array) return payload;
    if (typeof payload === 'string') return Buffer.from(payload);
    if (typeof payload === 'number' || typeof payload === 'boolean' || typeof payload === 'bigint')
      return Buffer.from(`${payload}`);
    throw new TypeError(`${typeof payload} is not text`);
  },
  decode: textOf,
};

/** Bytes as they are; text is sent as UTF-8. */
export const bytesCodec: Codec = {
  contentType: contentTypes.bytes,
  encode(payload) {
    if (payload instanceof Uint8Array) return payload;
    if (typeof payload === 'string') return Buffer.from(payload);
    throw new TypeError(`${typeof payload} is neither bytes nor text`);
  },
  decode: (bytes) => bytes,
};

/** Finds the codec of a content type: those of the user first, then JSON, text, and bytes for all else. */
export class CodecRegistry {
  readonly #own: readonly Codec[];
  readonly #found = new Map<string, Codec>();

  constructor(codecs: readonly Codec[] = []) {
    this.#own = codecs;
  }

  find(contentType: string): Codec {
    const known = this.#found.get(contentType);
    if (known !== undefined) return known;
    const codec = this.#search(essence(contentType));
    // Content types come from the wire: a sender that varies a parameter in each message must not fill memory.
    if (this.#found.size < 256) this.#found.set(contentType, codec);
    return codec;
  }

  #search(type: string): Codec {
    const own = this.#own.find((codec) => matches(codec.contentType, type));
    if (own !== undefined) return own;
    if (isJson(type)) return jsonCodec;
    return isTextual(type) ? textCodec : bytesCodec;
  }
}

/** The type without quotes, parameters and case: `"application/JSON;charset=utf-8"` is `application/json`. */
export function essence(contentType: string): string {
  return unquote(contentType).split(';', 1)[0]!.trim().toLowerCase();
}

/** A content type as some senders put it, inside JSON quotes. */
export function unquote(contentType: string): string {
  return contentType.replaceAll('"', '').trim();
}

/** Whether bytes of this type are text, so that hashing, logging and editing may treat them as such. */
export function isTextual(contentType: string): boolean {
  const type = essence(contentType);
  return (
    type.startsWith('text/') || isJson(type) || /^application\/(?:xml|.*\+xml|yaml|javascript|x-www-form-urlencoded)$/.test(type)
  );
}

/** The content type that a payload has where nobody said one. */
export function naturalContentType(payload: unknown): string {
  if (typeof payload === 'string') return contentTypes.text;
  return payload instanceof Uint8Array ? contentTypes.bytes : contentTypes.json;
}

/** Runs a codec; what it throws becomes `INVALID_ARGUMENT` with the type at fault. */
export function encodeWith(codec: Codec, payload: unknown, contentType: string, destination: string): Uint8Array {
  try {
    return codec.encode(payload);
  } catch (error) {
    throw raise('ENCODE_FAILED', { destination, contentType, problem: problemOf(error) }, error);
  }
}

/** The reverse of {@link encodeWith}. */
export function decodeWith(codec: Codec, bytes: Uint8Array, contentType: string, destination: string): unknown {
  try {
    return codec.decode(bytes, contentType);
  } catch (error) {
    throw raise('DECODE_FAILED', { destination, contentType, problem: problemOf(error) }, error);
  }
}

function isJson(type: string): boolean {
  return type === contentTypes.json || (type.startsWith('application/') && type.endsWith('+json'));
}

function matches(pattern: string, type: string): boolean {
  const [head, tail] = essence(pattern).split('*', 2);
  return tail === undefined ? head === type : type.startsWith(head!) && type.endsWith(tail);
}

function textOf(bytes: Uint8Array): string {
  const buffer = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return buffer.toString('utf8');
}

function problemOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
