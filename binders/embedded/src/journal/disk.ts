/**
 * The files of one directory, with blocking calls: all that the journal needs of an operating system, so that tests can put a disk
 * that fails in its place. Failures are thrown as Node's own errors, with `code` (`ENOSPC`, `EIO`, …).
 */
export interface Disk {
  /** For messages. */
  readonly directory: string;
  /** The names of the files. */
  list(): readonly string[];
  /** Opens an existing file for reading and writing. */
  open(name: string): DiskFile;
  /** Creates an empty file, or empties the one of that name, and opens it. */
  create(name: string): DiskFile;
  /** Replaces `to` in one step. Survives a power cut once `syncDirectory` has returned, as do `create` and `remove`. */
  rename(from: string, to: string): void;
  remove(name: string): void;
  syncDirectory(): void;
  /** Gives the directory free for others. Files must have been closed. */
  close(): void;
}

export interface DiskFile {
  size(): number;
  /** Fills `target` from `position` on; returns how many bytes there were before the end of the file. */
  read(target: Uint8Array, position: number): number;
  /** Returns how many bytes were written: at least one, perhaps not all. */
  write(source: Uint8Array, position: number): number;
  truncate(size: number): void;
  /** Returns once everything written is on stable storage. */
  sync(): void;
  close(): void;
}

/** Writes all of `source`, however many calls that takes. */
export function writeFully(file: DiskFile, source: Uint8Array, position: number): void {
  for (let done = 0; done < source.length;) done += file.write(done === 0 ? source : source.subarray(done), position + done);
}

/** Whether a disk operation failed because there is no space; every other failure means that the disk cannot be trusted. */
export function isDiskFull(error: unknown): boolean {
  const code = errorCodeOf(error);
  return code === 'ENOSPC' || code === 'EDQUOT';
}

/** The operating system's code of an error, such as `ENOENT`. */
export function errorCodeOf(error: unknown): string | undefined {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : undefined;
}
