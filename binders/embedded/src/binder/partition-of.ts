/** The partition of a key where the caller leaves the choice to the binder: FNV-1a of its UTF-8 or own bytes. */
export function partitionOf(key: string | Uint8Array | undefined, partitions: number): number {
  if (partitions === 1 || key === undefined) return 0;
  const bytes = typeof key === 'string' ? Buffer.from(key) : key;
  let value = 0x811c9dc5;
  for (const byte of bytes) value = Math.imul(value ^ byte, 0x01000193);
  return (value >>> 0) % partitions;
}
