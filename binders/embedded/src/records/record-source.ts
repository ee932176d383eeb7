import type { Headers } from '@millrace/messaging/binder';
import { ByteReader } from './byte-reader.ts';
import { readHeaders } from './headers.ts';

/** The records of one batch as they are read one after another, and what reading their fields shares. */
export class RecordSource extends ByteReader {
  readonly #fields: ByteReader;
  #headers: Headers | undefined;
  #headersAt = 0;
  #headersSize = 0;

  constructor(bytes: Uint8Array, position?: number, end?: number) {
    super(bytes, position, end);
    this.#fields = new ByteReader(this.bytes);
  }

  /** Reads these bytes, until it is called again: a reader for each field would cost more than the field. */
  within(start: number, end: number): ByteReader {
    const reader = this.#fields;
    reader.position = start;
    reader.end = end;
    return reader;
  }

  /** The headers that `input` has left. Records next to each other often have the same: these get one frozen object. */
  headers(input: ByteReader): Headers {
    const { position, end } = input;
    if (this.#headers !== undefined && this.#isSame(position, end - position)) {
      if (position !== this.#headersAt) Object.freeze(this.#headers);
      return this.#headers;
    }
    this.#headers = readHeaders(input);
    this.#headersAt = position;
    this.#headersSize = end - position;
    return this.#headers;
  }

  #isSame(at: number, size: number): boolean {
    if (size !== this.#headersSize) return false;
    const { bytes } = this;
    const known = this.#headersAt;
    for (let i = 0; i < size; i++) if (bytes[at + i] !== bytes[known + i]) return false;
    return true;
  }
}
