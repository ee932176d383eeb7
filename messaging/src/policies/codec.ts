/** Turns payloads into bytes and back for one content type. */
export interface Codec {
  readonly contentType: string;
  encode(payload: unknown): Uint8Array;
  decode(bytes: Uint8Array, contentType: string): unknown;
}
