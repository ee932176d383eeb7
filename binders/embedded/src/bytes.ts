import { Buffer } from 'node:buffer';

/** The same bytes in memory of their own: what the journal hands out is only valid until its next call. */
export function copyOf(bytes: Uint8Array): Uint8Array {
  const copy = Buffer.allocUnsafeSlow(bytes.length);
  copy.set(bytes);
  return copy;
}
