import { randomBytes } from 'node:crypto';

/**
 * Makes ids that are unique across processes and machines and sort roughly by creation: the time this source was made, 80 random
 * bits, and a counter. Costs one concatenation per id; the randomness is drawn once.
 */
export function idSource(now: number, random: Uint8Array = randomBytes(10)): () => string {
  const prefix = `${now.toString(36)}-${Buffer.from(random).toString('base64url')}-`;
  let count = 0;
  return () => prefix + paddedBase36(count++);
}

// Six digits last for two thousand million ids before the order of text ends being the order of creation; uniqueness never does.
function paddedBase36(count: number): string {
  return count.toString(36).padStart(6, '0');
}
