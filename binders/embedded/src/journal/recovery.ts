import { randomBytes } from 'node:crypto';
import { raise } from '../errors.ts';
import type { Mark } from './control.ts';
import type { Disk, DiskFile } from './disk.ts';
import { FileScanner } from './file-scanner.ts';
import { readIndex } from './index-file.ts';
import { scanSegment } from './scan-collector.ts';
import type { ScannedSegment } from './scan-collector.ts';
import {
  decodeFrameHeader,
  decodeSegmentHeader,
  formatVersion,
  frameHeaderBytes,
  frameMagic,
  segmentHeaderBytes,
} from './segment-format.ts';
import type { SegmentHeader } from './segment-format.ts';
import { Segment, indexName, segmentName, sequenceOf } from './segment.ts';

/** What was found in the directory. */
export interface RecoveredFiles {
  readonly journalId: number;
  /** In order. */
  readonly segments: readonly Segment[];
  /** Those that should be there and are not, in order. */
  readonly missing: readonly Segment[];
  /** Whether the last segment can be appended to. */
  readonly appendable: boolean;
  readonly marks: readonly Mark[];
}

interface Found {
  readonly sequence: number;
  readonly header: SegmentHeader | undefined;
}

/**
 * Reads what is in a journal's directory: the index files of sealed segments, and in full the last segment and those without an intact
 * index file. Finishes what a crash interrupted: removes temporary files, a segment whose creation was cut off, segments that a
 * cleaned one replaced, and the torn end of the last segment.
 */
export class Recovery {
  readonly #disk: Disk;
  readonly #names: Set<string>;
  readonly #marks: Mark[] = [];
  #journalId = 0;

  constructor(disk: Disk) {
    this.#disk = disk;
    this.#names = new Set(disk.list());
  }

  run(): RecoveredFiles {
    this.#removeTemporary();
    const found = this.#removeReplaced(this.#findSegments());
    this.#journalId = this.#identify(found);
    const newest = this.#missingNewest(found);
    const last = newest === undefined ? this.#scanLast(found) : undefined;
    const missing = last?.complete === true ? missingAmong(last, found) : [];
    const sealed = found.map((each) => this.#loadSealed(each));
    const segments = last === undefined ? sealed : [...sealed, last.segment];
    if (last?.complete !== true) for (const segment of sealed) this.#collectMarks(segment);
    return {
      journalId: this.#journalId,
      segments,
      missing: newest === undefined ? missing : [newest],
      appendable: last !== undefined && last.segment.fileId !== 0,
      marks: this.#marks,
    };
  }

  #removeTemporary(): void {
    for (const name of this.#names) if (name.endsWith('.tmp')) this.#remove(name);
  }

  #findSegments(): Found[] {
    const sequences = [...this.#names].map(sequenceOf).filter((sequence) => sequence !== undefined);
    return sequences.sort((a, b) => a - b).map((sequence) => ({ sequence, header: this.#readHeader(sequence) }));
  }

  #readHeader(sequence: number): SegmentHeader | undefined {
    const bytes = this.#withFile(segmentName(sequence), (file) => new FileScanner(file).view(0, segmentHeaderBytes));
    const header = decodeSegmentHeader(bytes);
    if (header === undefined || header.version <= formatVersion) return header?.sequence === sequence ? header : undefined;
    const { directory } = this.#disk;
    throw raise('FORMAT_TOO_NEW', { directory, file: segmentName(sequence), version: header.version, supported: formatVersion });
  }

  /** A cleaned segment was put in place, but not all that it replaces was removed. */
  #removeReplaced(found: readonly Found[]): Found[] {
    let covered = 0;
    // The replacement must be there for good before what it replaces goes.
    if (found.some(({ sequence, header }) => header !== undefined && header.coversTo > sequence)) this.#disk.syncDirectory();
    return found.filter(({ sequence, header }) => {
      const replaced = sequence <= covered;
      if (replaced) this.#removeSegment(sequence);
      else covered = header?.coversTo ?? 0;
      return !replaced;
    });
  }

  #identify(found: readonly Found[]): number {
    for (const { header } of found) if (header !== undefined) return header.journalId;
    for (const { sequence } of found) {
      const id = this.#withFile(segmentName(sequence), (file) => journalIdInFrames(file, sequence));
      if (id !== undefined) return id;
    }
    if (found.length > 1) throw raise('JOURNAL_UNREADABLE', { directory: this.#disk.directory });
    return randomId();
  }

  /** Index files are written once there is a next segment. */
  #missingNewest(found: readonly Found[]): Segment | undefined {
    const last = found.at(-1);
    return last === undefined || this.#loadIndexed(last) === undefined ? undefined : new Segment(last.sequence + 1, 0);
  }

  /** Takes the last segment off the list, and before it those that were never completed and so hold nothing. */
  #scanLast(found: Found[]): ScannedSegment | undefined {
    for (let last = found.pop(); last !== undefined; last = found.pop()) {
      const scanned = this.#scan(last, false);
      if (scanned.result.lastSequence > 0) return this.#repairEnd(scanned);
      this.#removeSegment(last.sequence);
    }
    return undefined;
  }

  /** What is torn there was never acknowledged; it goes, so that it cannot be mistaken for part of what comes after it. */
  #repairEnd(scanned: ScannedSegment): ScannedSegment {
    const { segment, result } = scanned;
    this.#withFile(segment.name, (file) => {
      if (result.tail) file.truncate(result.end);
      // What the scan saw may be in the page cache alone; nobody may read it before it is durable.
      file.sync();
    });
    this.#remove(segment.indexName);
    return scanned;
  }

  #loadSealed(found: Found): Segment {
    return this.#loadIndexed(found) ?? this.#scan(found, true).segment;
  }

  #loadIndexed({ sequence, header }: Found): Segment | undefined {
    if (header === undefined || !this.#names.has(indexName(sequence))) return undefined;
    const index = this.#withFile(indexName(sequence), readIndex);
    if (index === undefined || index.fileId !== header.fileId || index.journalId !== this.#journalId) return undefined;
    if (this.#withFile(segmentName(sequence), (file) => file.size()) !== index.size) return undefined;
    const segment = new Segment(sequence, header.fileId);
    segment.adopt(index);
    return segment;
  }

  /** 0 stands for the file's own number where the header is damaged. */
  #scan({ sequence, header }: Found, sealed: boolean): ScannedSegment {
    const identity = { sequence, fileId: header?.fileId ?? 0, journalId: this.#journalId };
    const scanned = this.#withFile(segmentName(sequence), (file) => scanSegment(file, identity, sealed));
    this.#marks.push(...scanned.marks);
    if (header === undefined && scanned.result.lastSequence > 0) {
      scanned.segment.lost.unshift({ stream: undefined, position: 0, from: 0, to: 0 });
      scanned.segment.damaged = true;
    }
    return scanned;
  }

  /** The marks at the start of the last segment are not complete, so that those of all others are needed. */
  #collectMarks(segment: Segment): void {
    if (segment.tables !== undefined) return;
    this.#scan({ sequence: segment.sequence, header: undefined }, true);
  }

  #removeSegment(sequence: number): void {
    this.#remove(segmentName(sequence));
    this.#remove(indexName(sequence));
  }

  #remove(name: string): void {
    if (this.#names.delete(name)) this.#disk.remove(name);
  }

  #withFile<T>(name: string, use: (file: DiskFile) => T): T {
    const file = this.#disk.open(name);
    try {
      return use(file);
    } finally {
      file.close();
    }
  }
}

/** A number that is not 0. */
export function randomId(): number {
  return randomBytes(4).readUInt32LE() || 1;
}

/** The segments that the last one names beside itself, without those that are there. */
function missingAmong(last: ScannedSegment, found: readonly Found[]): readonly Segment[] {
  const named = new Set<number>();
  for (const mark of last.marks) {
    if (!('segment' in mark)) continue;
    if (mark.removed) named.delete(mark.segment);
    else named.add(mark.segment);
  }
  for (const { sequence } of found) named.delete(sequence);
  return [...named].toSorted((a, b) => a - b).map((sequence) => new Segment(sequence, 0));
}

function journalIdInFrames(file: DiskFile, sequence: number): number | undefined {
  const input = new FileScanner(file);
  for (let at = input.find(frameMagic, 0); at >= 0; at = input.find(frameMagic, at + 1)) {
    const frame = decodeFrameHeader(input.view(at, frameHeaderBytes), 0);
    if (frame !== undefined && frame.segment === sequence && frame.position === at) return frame.journalId;
  }
  return undefined;
}
