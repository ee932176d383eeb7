import { Buffer } from 'node:buffer';

/** The same bytes in memory of their own: what the journal hands out is only valid until its next call. */
export function copyOf(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return copyOfAll([bytes]);
}

/** The same for several, one after another. */
export function copyOfAll(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const copy = Buffer.allocUnsafeSlow(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    copy.set(part, at);
    at += part.length;
  }
  return copy;
}
