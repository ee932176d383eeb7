import type { RegionDefinitionOptions } from '../definitions.ts';
import { raise } from '../errors.ts';
import {
  contentTypes,
  decodeWith,
  encodeWith,
  jsonCodec,
  naturalContentType,
  type Codec,
  type CodecRegistry,
} from '../policies/codec.ts';
import { validate } from '../policies/schema.ts';

/** A value as it is stored. */
export interface EncodedValue {
  readonly value: Uint8Array;
  readonly contentType: string;
}

/** Turns values of one region into stored bytes and back: validation, codec, content type. */
export class EntryCoder<V> {
  readonly #region: string;
  readonly #options: RegionDefinitionOptions<V>;
  readonly #codecs: CodecRegistry;

  constructor(region: string, options: RegionDefinitionOptions<V>, codecs: CodecRegistry) {
    this.#region = region;
    this.#options = options;
    this.#codecs = codecs;
  }

  /** Whether the values are JSON, or text or bytes that no condition on fields can meet: what brokers can evaluate conditions on. */
  get isJson(): boolean {
    const { codec, contentType } = this.#options;
    return codec === undefined && (contentType === undefined || this.#codecs.find(contentType) === jsonCodec);
  }

  /** Checks and writes a value. `INVALID_ARGUMENT` if it does not match the schema or cannot be written. */
  async encode(key: string, value: V): Promise<EncodedValue> {
    if (value === null || value === undefined) throw raise('ENTRY_NULL', { region: this.#region, key, value: String(value) });
    const checked = await validate(this.#options.schema, value, this.#region);
    const { codec } = this.#options;
    const contentType = this.#options.contentType ?? codec?.contentType ?? naturalContentType(checked);
    return { value: encodeWith(this.#codec(contentType), checked, contentType, this.#region), contentType };
  }

  /** Reads a stored value as what it is on the wire, unchecked: what conditions and patches look at. */
  read(value: Uint8Array, stored: string): unknown {
    const contentType = stored === '' ? (this.#options.contentType ?? contentTypes.json) : stored;
    return decodeWith(this.#codec(contentType), value, contentType, this.#region);
  }

  /** Reads and checks a stored value; a promise only where the schema is asynchronous. */
  decode(value: Uint8Array, contentType: string): V | Promise<V> {
    return validate(this.#options.schema, this.read(value, contentType), this.#region);
  }

  #codec(contentType: string): Codec {
    return this.#options.codec ?? this.#codecs.find(contentType);
  }
}
