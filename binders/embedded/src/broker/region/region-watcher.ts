import type { MillraceError } from '@millrace/core';
import type { Headers } from '@millrace/messaging/binder';
import { ByteWriter } from '../../records/byte-writer.ts';
import { writeHeaders } from '../../records/headers.ts';
import { raise } from '../../errors.ts';
import type { EventMeta, WatchMeta } from '../../wire/protocol.ts';
import type { Call } from '../call.ts';
import { CursorSource, defaultBacklog, tooOld } from './change-source.ts';
import type { ChangeSource } from './change-source.ts';
import type { Region, Watcher } from './region.ts';
import type { Change } from '../../records/change-records.ts';
import type { RegionEntry } from './region-state.ts';
import type { Attached } from '../session.ts';
import type { Selection, ToldChange } from './watch-events.ts';

interface Outgoing {
  readonly events: EventMeta[];
  readonly body: Uint8Array[];
  bytes: number;
}

/** One watch of a region: a snapshot, the marker `live`, then changes, handed out as the client polls. */
export class RegionWatcher implements Attached, Watcher {
  readonly #region: Region;
  readonly #options: WatchMeta;
  readonly #selection: Selection;
  readonly #source: ChangeSource;
  #gap: string | undefined;
  /** Entries still to be told of, as they were when the snapshot began. */
  #snapshot: Iterator<RegionEntry> | undefined;
  /** Where changes go on after the snapshot. */
  #base = 0;
  #liveDue = true;
  #ready: ToldChange[] = [];
  #poll: Call<'watch.poll'> | undefined;
  #gone: MillraceError | undefined;

  constructor(region: Region, selection: Selection, options: WatchMeta) {
    this.#region = region;
    this.#options = options;
    this.#selection = selection;
    this.#source = this.#begin();
    region.watchers.add(this);
  }

  /** Whether writers have to wait for this watcher. */
  get blocksWriters(): boolean {
    const { whenFull, maxBacklog = defaultBacklog } = this.#options;
    return whenFull === 'block' && this.#source.backlog + this.#ready.length >= maxBacklog;
  }

  takePoll(call: Call<'watch.poll'>): void {
    if (this.#gone !== undefined) throw this.#gone;
    this.#poll?.answer({ events: [] });
    this.#poll = call;
    call.onCancel(() => {
      if (this.#poll === call) this.#poll = undefined;
    });
    this.serve();
  }

  /** Answers the poll as soon as there is something to tell. */
  serve(): void {
    if (this.#poll === undefined) return;
    try {
      const out: Outgoing = { events: [], body: [], bytes: 0 };
      this.#fill(out, this.#poll.ask);
      if (out.events.length > 0) this.#answer(out);
    } catch (error) {
      this.fail(error);
    }
  }

  /** Everything up to this position is done; to be followed by a commit. */
  acknowledge(position: string): void {
    const { name } = this.#options;
    if (name === undefined) return;
    const offset = this.#offsetOf(position);
    if (offset === undefined) return;
    this.#source.acknowledged(offset + 1);
    this.#region.named.acknowledge(name, this, offset + 1);
  }

  close(): void {
    if (!this.#region.watchers.delete(this)) return;
    this.#poll?.answer({ events: [] });
    this.#poll = undefined;
    this.#source.close();
    if (this.#options.name !== undefined) this.#region.named.detach(this.#options.name, this);
    this.#region.gate.reconsider();
  }

  /** The region is deleted. */
  end(error: MillraceError): void {
    this.#gone = error;
    this.fail(error);
  }

  fail(error: unknown): void {
    const poll = this.#poll;
    this.#poll = undefined;
    poll?.fail(error);
  }

  #begin(): ChangeSource {
    const { name, resumeAfter, snapshot } = this.#options;
    const resumed = resumeAfter === undefined ? undefined : this.#resume(resumeAfter);
    if (name !== undefined) return this.#beginNamed(name, resumed);
    const { next } = this.#region.changes;
    this.#base = resumed ?? next;
    if (resumeAfter === undefined) this.#takeSnapshot(snapshot);
    else if (resumed === undefined) this.#lose('the position is of an earlier region of this name');
    else if (resumed < this.#region.changes.earliest) this.#lose(tooOld);
    return new CursorSource(this.#region.changes, this.#options, this.#base);
  }

  #beginNamed(name: string, resumed: number | undefined): ChangeSource {
    const { source, fresh } = this.#region.named.attach(name, this, this.#options, this.#selection);
    this.#base = this.#region.changes.next - source.backlog;
    if (resumed !== undefined) source.restart((this.#base = resumed));
    else if (fresh) {
      this.#takeSnapshot(this.#options.snapshot);
      source.restart(this.#base);
    }
    return source;
  }

  #resume(position: string): number | undefined {
    const offset = this.#offsetOf(position);
    return offset === undefined ? undefined : offset + 1;
  }

  /** `undefined` for a position of an earlier region of this name. */
  #offsetOf(position: string): number | undefined {
    const match = /^([^:]+):(-?\d+)$/.exec(position);
    if (match === null) throw raise('POSITION_INVALID', { position });
    return match[1] === this.#region.stored.epoch ? Number(match[2]) : undefined;
  }

  #takeSnapshot(kind: WatchMeta['snapshot']): void {
    this.#base = this.#region.changes.next;
    this.#liveDue = true;
    this.#snapshot = undefined;
    if (kind === 'none') return;
    // Entries are never changed in place, so this list stays what it is while it is told.
    const entries: RegionEntry[] = [];
    for (const entry of this.#region.state.inOrder()) if (this.#selection.holds(entry)) entries.push(entry);
    this.#snapshot = entries.values();
  }

  /** Changes were lost: says so, and begins anew. */
  #lose(reason: string): void {
    this.#gap = reason;
    this.#ready = [];
    const { snapshot, mode } = this.#options;
    this.#takeSnapshot(snapshot !== 'none' ? snapshot : mode === 'invalidate' ? 'keys' : 'values');
  }

  #fill(out: Outgoing, { max, maxBytes }: Call<'watch.poll'>['ask']): void {
    while (out.events.length < max && out.bytes < maxBytes) if (!this.#next(out)) return;
  }

  /** Adds the next event; false if there is none. */
  #next(out: Outgoing): boolean {
    if (this.#gap !== undefined) this.#tellGap(out);
    else if (this.#snapshot !== undefined) this.#tellEntry(out);
    else if (this.#liveDue) this.#tellLive(out);
    else if (this.#ready.length > 0) this.#tellChange(out, this.#ready.shift()!);
    else return this.#pull();
    return true;
  }

  /** Gets more changes; false when there are none. */
  #pull(): boolean {
    const changes = this.#source.pull();
    if (typeof changes === 'string') {
      this.#lose(changes);
      this.#source.restart(this.#base);
      return true;
    }
    this.#ready = changes.flatMap((change) => {
      const kind = this.#isExcluded(change) ? undefined : this.#selection.kindOf(change);
      return kind === undefined ? [] : [{ kind, change }];
    });
    return changes.length > 0;
  }

  #isExcluded({ origin }: Change): boolean {
    return origin !== undefined && origin === this.#options.excludeOrigin;
  }

  #tellGap(out: Outgoing): void {
    out.events.push({ kind: 'gap', reason: this.#gap!, position: this.#region.position(this.#base - 1) });
    this.#gap = undefined;
  }

  #tellLive(out: Outgoing): void {
    out.events.push({ kind: 'live', position: this.#region.position(this.#base - 1) });
    this.#liveDue = false;
  }

  #tellEntry(out: Outgoing): void {
    const { done, value: entry } = this.#snapshot!.next();
    if (done === true) {
      this.#snapshot = undefined;
      return;
    }
    const { key, contentType, version, time, value } = entry;
    const position = this.#region.position(this.#base - 1);
    const keysOnly = this.#options.snapshot === 'keys' || this.#options.mode === 'invalidate';
    if (keysOnly) out.events.push({ kind: 'snapshot', key, position });
    else out.events.push({ kind: 'snapshot', key, contentType, version, time, position, value: add(out, value) });
    out.bytes += key.length + 50;
  }

  #tellChange(out: Outgoing, { kind, change }: ToldChange): void {
    const { key, contentType, version, time, origin, offset } = change;
    const values = this.#options.mode === 'invalidate' ? { value: undefined, previous: undefined } : change;
    out.events.push({
      kind,
      key,
      contentType,
      version,
      time,
      origin,
      position: this.#region.position(offset),
      value: add(out, values.value),
      previous: add(out, values.previous),
      metadata: add(out, encodedHeaders(change.metadata)),
    });
    out.bytes += key.length + 100;
  }

  #answer({ events, body }: Outgoing): void {
    const poll = this.#poll!;
    this.#poll = undefined;
    poll.answer({ events }, body);
    this.#region.gate.reconsider();
  }
}

/** Puts bytes into the body and returns their length. */
function add(out: Outgoing, bytes: Uint8Array | undefined): number | undefined {
  if (bytes === undefined) return undefined;
  out.body.push(bytes);
  out.bytes += bytes.length;
  return bytes.length;
}

function encodedHeaders(headers: Headers): Uint8Array | undefined {
  if (Object.keys(headers).length === 0) return undefined;
  const out = new ByteWriter(128);
  writeHeaders(out, headers);
  return out.bytes.subarray(0, out.position);
}
