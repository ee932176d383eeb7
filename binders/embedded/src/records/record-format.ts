/*
 * A record: length of the rest · flags · offset delta · time delta · [key] · [attributes] · [headers] · payload.
 * Numbers are varints; key, attributes and headers have a length prefix; the payload takes what is left.
 */
export const flag = { keyKind: 0b111, tombstone: 0b1000, attributes: 0b10000, headers: 0b100000 } as const;
export const knownFlags = 0b111111;
export const bytesKey = 4;
