import * as fs from 'node:fs';
import { makeDirectory } from '@millrace/core/files';
import { join } from 'node:path';
import { raise } from '../errors.ts';
import { lockDirectory } from './directory-lock.ts';
import type { DirectoryLock } from './directory-lock.ts';
import type { Disk, DiskFile } from './disk.ts';
import { errorCodeOf } from './disk.ts';

/** Only the owner may read what the journal holds. */
const filePermissions = 0o600;
const directoryPermissions = 0o700;

/** A directory of the real file system, created if missing and held by this process alone until closed. */
export class NodeDisk implements Disk {
  readonly directory: string;
  readonly #lock: DirectoryLock;

  /** Throws `directoryInUse`, or `directoryUnusable` with what the operating system said. */
  constructor(directory: string) {
    this.directory = directory;
    prepareDirectory(directory);
    this.#lock = lockDirectory(directory);
  }

  list(): readonly string[] {
    return fs.readdirSync(this.directory);
  }

  open(name: string): DiskFile {
    return new NodeFile(fs.openSync(this.#path(name), 'r+'));
  }

  create(name: string): DiskFile {
    return new NodeFile(fs.openSync(this.#path(name), 'w+', filePermissions));
  }

  rename(from: string, to: string): void {
    fs.renameSync(this.#path(from), this.#path(to));
  }

  remove(name: string): void {
    fs.unlinkSync(this.#path(name));
  }

  syncDirectory(): void {
    // Windows can neither open nor flush a directory; NTFS journals its entries by itself.
    if (process.platform === 'win32') return;
    const handle = fs.openSync(this.directory, 'r');
    try {
      fs.fsyncSync(handle);
    } finally {
      fs.closeSync(handle);
    }
  }

  close(): void {
    this.#lock.release();
  }

  #path(name: string): string {
    return join(this.directory, name);
  }
}

function prepareDirectory(directory: string): void {
  try {
    makeDirectory(directory, directoryPermissions);
    fs.accessSync(directory, fs.constants.R_OK | fs.constants.W_OK);
  } catch (error) {
    throw raise('JOURNAL_DIRECTORY_UNUSABLE', { directory, why: errorCodeOf(error) ?? 'it cannot be opened' }, error);
  }
}

class NodeFile implements DiskFile {
  readonly #handle: number;

  constructor(handle: number) {
    this.#handle = handle;
  }

  size(): number {
    return fs.fstatSync(this.#handle).size;
  }

  read(target: Uint8Array, position: number): number {
    let done = 0;
    while (done < target.length) {
      const count = fs.readSync(this.#handle, target, done, target.length - done, position + done);
      if (count === 0) break;
      done += count;
    }
    return done;
  }

  write(source: Uint8Array, position: number): number {
    return fs.writeSync(this.#handle, source, 0, source.length, position);
  }

  truncate(size: number): void {
    fs.ftruncateSync(this.#handle, size);
  }

  sync(): void {
    fs.fdatasyncSync(this.#handle);
  }

  close(): void {
    fs.closeSync(this.#handle);
  }
}
