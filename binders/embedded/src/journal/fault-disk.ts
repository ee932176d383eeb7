import type { Disk, DiskFile } from './disk.ts';

/** What a {@link FaultDisk} was asked to do. */
export type DiskOperation =
  | 'list'
  | 'open'
  | 'create'
  | 'rename'
  | 'remove'
  | 'syncDirectory'
  | 'read'
  | 'write'
  | 'truncate'
  | 'sync';

/** Decides before each operation whether it fails and with which code of the operating system. `count` starts at 1. */
export type FaultPlan = (operation: DiskOperation, name: string, count: number) => 'EIO' | 'ENOSPC' | 'EROFS' | 'crash' | undefined;

/** Thrown by the operation in which the power went, and by all after it. */
export class PowerCut extends Error {
  override readonly name = 'PowerCut';
}

const sectorBytes = 512;

interface Image {
  cached: Buffer;
  durable: Buffer;
}

/**
 * A disk in memory that fails as real ones do, for tests of anything that must not lose data. Each file has a cached and a durable
 * image; `restart` after a power cut keeps of what was not synced an arbitrary, seeded choice of 512-byte sectors and file sizes, and
 * of the directory changes since the last `syncDirectory` an arbitrary number of the oldest.
 */
export class FaultDisk implements Disk {
  readonly directory = '(simulated)';
  /** Set to make operations fail. */
  plan: FaultPlan = () => undefined;
  /** Bytes that all files together may have. */
  capacity = Number.POSITIVE_INFINITY;
  /** Operations done so far. */
  operations = 0;
  #down = false;
  #entries = new Map<string, Image>();
  #durableEntries = new Map<string, Image>();
  /** The directory after each change that is not yet durable. */
  #unsynced: Map<string, Image>[] = [];

  /** Applies the plan; every operation passes here first. */
  step(operation: DiskOperation, name: string): void {
    if (this.#down) throw new PowerCut(`${operation} after the power cut`);
    this.operations++;
    const fault = this.plan(operation, name, this.operations);
    if (fault === undefined) return;
    if (fault !== 'crash') throw diskError(fault, operation, name);
    this.#down = true;
    throw new PowerCut(`power cut in operation ${this.operations}, ${operation} ${name}`);
  }

  list(): readonly string[] {
    this.step('list', '');
    return [...this.#entries.keys()].sort();
  }

  open(name: string): DiskFile {
    this.step('open', name);
    return new FaultFile(this, name, this.#image(name));
  }

  create(name: string): DiskFile {
    this.step('create', name);
    const image = { cached: Buffer.alloc(0), durable: Buffer.alloc(0) };
    this.#change((entries) => entries.set(name, image));
    return new FaultFile(this, name, image);
  }

  rename(from: string, to: string): void {
    this.step('rename', from);
    const image = this.#image(from);
    this.#change((entries) => {
      entries.delete(from);
      entries.set(to, image);
    });
  }

  remove(name: string): void {
    this.step('remove', name);
    this.#image(name);
    this.#change((entries) => entries.delete(name));
  }

  syncDirectory(): void {
    this.step('syncDirectory', '');
    this.#durableEntries = this.#entries;
    this.#unsynced = [];
  }

  close(): void {}

  /** Bytes still free. */
  get free(): number {
    let used = 0;
    for (const { cached } of this.#entries.values()) used += cached.length;
    return this.capacity - used;
  }

  /** Cuts the power between two operations. */
  cutPower(): void {
    this.#down = true;
  }

  /** The disk as found after a power cut. The same seed keeps the same of what was not synced. */
  restart(seed: number): FaultDisk {
    const random = seededRandom(seed);
    // Beyond both ends, so that keeping nothing and keeping all are common too.
    const keep = random() * 2 - 0.5;
    const survivors = [this.#durableEntries, ...this.#unsynced];
    const entries = survivors[Math.floor(random() * survivors.length)]!;
    const disk = new FaultDisk();
    disk.capacity = this.capacity;
    for (const [name, image] of entries) disk.#put(name, survivor(image, random, keep));
    return disk;
  }

  /** What is in a file now; for tests that alter it. */
  contents(name: string): Buffer {
    return Buffer.from(this.#image(name).cached);
  }

  /** Puts a file there, durably. */
  #put(name: string, contents: Buffer): void {
    this.#entries.set(name, { cached: contents, durable: Buffer.from(contents) });
    this.#durableEntries = this.#entries;
  }

  /** Replaces a file's contents, durably: bit rot, or an edit by a user. */
  alter(name: string, contents: Uint8Array): void {
    const image = this.#image(name);
    image.cached = Buffer.from(contents);
    image.durable = Buffer.from(contents);
  }

  flipBit(name: string, position: number, bit = 0): void {
    const contents = this.contents(name);
    contents[position]! ^= 1 << bit;
    this.alter(name, contents);
  }

  #image(name: string): Image {
    const image = this.#entries.get(name);
    if (image === undefined) throw diskError('ENOENT', 'open', name);
    return image;
  }

  #change(change: (entries: Map<string, Image>) => void): void {
    this.#entries = new Map(this.#entries);
    change(this.#entries);
    this.#unsynced.push(this.#entries);
  }
}

class FaultFile implements DiskFile {
  readonly #disk: FaultDisk;
  readonly #name: string;
  readonly #image: Image;

  constructor(disk: FaultDisk, name: string, image: Image) {
    this.#disk = disk;
    this.#name = name;
    this.#image = image;
  }

  size(): number {
    return this.#image.cached.length;
  }

  read(target: Uint8Array, position: number): number {
    this.#disk.step('read', this.#name);
    const source = this.#image.cached.subarray(position, position + target.length);
    target.set(source);
    return source.length;
  }

  write(source: Uint8Array, position: number): number {
    try {
      this.#disk.step('write', this.#name);
    } catch (error) {
      // The power may go in the middle of a write.
      if (error instanceof PowerCut) this.#apply(source.subarray(0, Math.floor(source.length / 2)), position);
      throw error;
    }
    const growth = Math.max(0, position + source.length - this.size());
    const fitting = source.length - Math.max(0, growth - Math.max(0, this.#disk.free));
    if (fitting <= 0) throw diskError('ENOSPC', 'write', this.#name);
    this.#apply(source.subarray(0, fitting), position);
    return fitting;
  }

  truncate(size: number): void {
    this.#disk.step('truncate', this.#name);
    this.#resize(size);
  }

  sync(): void {
    this.#disk.step('sync', this.#name);
    this.#image.durable = Buffer.from(this.#image.cached);
  }

  close(): void {}

  #apply(source: Uint8Array, position: number): void {
    if (position + source.length > this.size()) this.#resize(position + source.length);
    this.#image.cached.set(source, position);
  }

  #resize(size: number): void {
    const resized = Buffer.alloc(size);
    this.#image.cached.copy(resized, 0, 0, Math.min(size, this.size()));
    this.#image.cached = resized;
  }
}

function survivor({ cached, durable }: Image, random: () => number, keep: number): Buffer {
  const size = random() < 0.5 ? cached.length : durable.length;
  const result = Buffer.alloc(size);
  durable.copy(result, 0, 0, Math.min(size, durable.length));
  for (let start = 0; start < Math.min(size, cached.length); start += sectorBytes)
    if (random() < keep) cached.copy(result, start, start, Math.min(start + sectorBytes, size));
  return result;
}

function diskError(code: string, operation: string, name: string): Error {
  return Object.assign(new Error(`${code}: simulated failure of ${operation} ${name}`), { code, syscall: operation });
}

/** A stream of numbers from 0 to 1 that depends on the seed alone (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000;
  };
}
