import type { OutboundCommand, OutboundMessage } from '@millrace/messaging/binder';

const encoder = new TextEncoder();
const decoder = new TextDecoder();

export function utf8(text: string): Uint8Array {
  return encoder.encode(text);
}

/** A payload as text; `null` for a tombstone. */
export function textOf(payload: Uint8Array | null | undefined): string | null {
  return payload === null || payload === undefined ? null : decoder.decode(payload);
}

export function texts(messages: readonly { readonly payload: Uint8Array | null }[]): readonly (string | null)[] {
  return messages.map((each) => textOf(each.payload));
}

export function message(text: string, more: Partial<OutboundMessage> = {}): OutboundMessage {
  return { payload: utf8(text), headers: {}, ...more };
}

/** Messages `prefix0`, `prefix1`, …, each with what `more` says of it. */
export function numbered(count: number, prefix = 'm', more: More = {}): readonly OutboundMessage[] {
  return Array.from({ length: count }, (_, index) => message(`${prefix}${index}`, typeof more === 'function' ? more(index) : more));
}

type More = Partial<OutboundMessage> | ((index: number) => Partial<OutboundMessage>);

/** The texts of {@link numbered}. */
export function names(count: number, prefix = 'm', from = 0): readonly string[] {
  return Array.from({ length: count }, (_, index) => `${prefix}${from + index}`);
}

/** Messages spread over partitions in turn: `m0` to partition 0, `m1` to 1, … */
export function spread(count: number, partitions: number, prefix = 'm'): readonly OutboundMessage[] {
  return numbered(count, prefix, (index) => ({ partition: index % partitions }));
}

export function command(id: string, more: Partial<OutboundCommand> = {}): OutboundCommand {
  return { id, payload: utf8(id), headers: {}, ...more };
}

export function commands(count: number, prefix = 'c', more: Partial<OutboundCommand> = {}): readonly OutboundCommand[] {
  return names(count, prefix).map((id) => command(id, more));
}

/** A value in a form in which equal contents are deeply equal: byte arrays of any class become hexadecimal text. */
export function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return `bytes:${Buffer.from(value).toString('hex')}`;
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, plain(each)]));
}

/** A key's bytes as text: brokers that keep bytes alone cannot tell a text key from its UTF-8. */
export function keyText(key: string | Uint8Array | undefined): unknown {
  return plain(typeof key === 'string' ? utf8(key) : key);
}
