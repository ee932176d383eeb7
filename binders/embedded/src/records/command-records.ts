import type { ByteReader } from './byte-reader.ts';
import { ByteWriter, textKind } from './byte-writer.ts';

/** What a command says about itself beside the message. */
export interface CommandAttributes {
  readonly id: string;
  /** Milliseconds since the epoch. */
  readonly notBefore: number | undefined;
  readonly expiresAt: number | undefined;
  readonly priority: number;
  readonly deduplicateMs: number;
  /** The offset under which the command is known, if it was moved since; and how often it was handed out by then. */
  readonly moved?: { readonly offset: number; readonly redeliveries: number } | undefined;
}

const kind = { command: 0, done: 1, released: 2 } as const;

/** A step in the life of commands, stored beside them. */
export type QueueRecord =
  | ({ readonly kind: 'command' } & CommandAttributes)
  | { readonly kind: 'done'; readonly offsets: readonly number[] }
  | { readonly kind: 'released'; readonly offset: number; readonly redeliveries: number; readonly notBefore: number };

export function writeCommand(out: ByteWriter, command: CommandAttributes): void {
  out.byte(kind.command);
  writeText(out, command.id);
  out.varint(command.notBefore ?? 0);
  out.varint(command.expiresAt ?? 0);
  out.varint(command.priority);
  out.varint(command.deduplicateMs);
  out.varint(command.moved === undefined ? 0 : command.moved.offset + 1);
  out.varint(command.moved?.redeliveries ?? 0);
}

export function encodeDone(offsets: readonly number[]): Uint8Array {
  const out = new ByteWriter(16 + offsets.length * 4);
  out.byte(kind.done);
  out.varint(offsets.length);
  for (const offset of offsets) out.varint(offset);
  return out.bytes.subarray(0, out.position);
}

export function encodeReleased(offset: number, redeliveries: number, notBefore: number): Uint8Array {
  const out = new ByteWriter(32);
  out.byte(kind.released);
  out.varint(offset);
  out.varint(redeliveries);
  out.varint(notBefore);
  return out.bytes.subarray(0, out.position);
}

/** Reads the attributes of a record; see `RecordView.attributesReader`. */
export function decodeQueueRecord(input: ByteReader): QueueRecord {
  switch (input.byte()) {
    case kind.command:
      return decodeCommand(input);
    case kind.done:
      return { kind: 'done', offsets: Array.from({ length: input.varint() }, () => input.varint()) };
    case kind.released:
      return { kind: 'released', offset: input.varint(), redeliveries: input.varint(), notBefore: input.varint() };
    default:
      throw input.malformed('a queue record of unknown kind');
  }
}

/** The id of a command alone; empty for other records. */
export function commandIdOf(input: ByteReader): string {
  return input.byte() === kind.command ? readText(input) : '';
}

function decodeCommand(input: ByteReader): QueueRecord {
  const id = readText(input);
  const notBefore = input.varint() || undefined;
  const expiresAt = input.varint() || undefined;
  const priority = input.varint();
  const deduplicateMs = input.varint();
  const offset = input.varint() - 1;
  const redeliveries = input.varint();
  const moved = offset < 0 ? undefined : { offset, redeliveries };
  return { kind: 'command', id, notBefore, expiresAt, priority, deduplicateMs, moved };
}

/** A string with the kind of its encoding before it. */
export function writeText(out: ByteWriter, text: string): void {
  const at = out.position;
  out.byte(textKind.latin1);
  out.bytes[at] = out.text(text);
}

export function readText(input: ByteReader): string {
  return input.text(input.byte());
}
