/** Java's hash of a text, by which Spring chooses partitions. */
function textHash(text: string): number {
  let hash = 0;
  for (let index = 0; index < text.length; index++) hash = (Math.imul(31, hash) + text.charCodeAt(index)) | 0;
  return hash;
}

function bytesHash(bytes: Uint8Array): number {
  let hash = 1;
  for (const byte of bytes) hash = (Math.imul(31, hash) + ((byte << 24) >> 24)) | 0;
  return hash;
}

/** The partition of a key by Spring's rule, where the portable layer did not choose one. */
export function partitionOfKey(key: string | Uint8Array, partitions: number): number {
  const hash = typeof key === 'string' ? textHash(key) : bytesHash(key);
  return (hash === -(2 ** 31) ? 0 : Math.abs(hash)) % partitions;
}
