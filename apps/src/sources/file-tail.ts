import { open } from 'node:fs/promises';
import { basename } from 'node:path';
import type { Emit } from '../runtime/emit.ts';
import { AppMessage } from '../runtime/message.ts';
import type { FileSourceContext } from './file-options.ts';
import { LineSplitter } from './lines.ts';

const chunkBytes = 65_536;

interface Followed {
  /** Identifies the file behind the name, which rotation replaces. */
  readonly inode: number;
  readonly splitter: LineSplitter;
  offset: number;
}

/**
 * Emits the lines appended to a file until told to stop (or, with `once`, to its end). A file that was replaced or cut is read from
 * its start; a line without its end is waited for.
 */
export async function followFile(path: string, emit: Emit, context: FileSourceContext): Promise<void> {
  const { options: given, signal, pause, logger, clock } = context;
  let followed: Followed | undefined;
  let lastAppend = clock.monotonic();
  let fromEnd = given.end && !given.once;
  while (!signal.aborted) {
    const previous: Followed | undefined = followed;
    followed = await look(path, previous, fromEnd, (lines) => emit(messagesOf(path, lines, context)));
    if (given.once && followed !== undefined) return;
    if (followed !== undefined) fromEnd = false;
    if (followed?.offset !== previous?.offset || followed?.splitter !== previous?.splitter) lastAppend = clock.monotonic();
    if (given.idleEventInterval !== undefined && clock.monotonic() - lastAppend >= given.idleEventInterval) {
      logger.log('INFO', `Nothing was appended to ${path} for ${given.idleEventInterval} ms.`);
      lastAppend = clock.monotonic();
    }
    await pause(followed === undefined ? given.attemptsDelay : given.pollingDelay);
  }
}

type EmitLines = (lines: readonly string[]) => Promise<void>;

// Reads what is new; gives `undefined` if there is no such file.
async function look(path: string, known: Followed | undefined, fromEnd: boolean, emit: EmitLines): Promise<Followed | undefined> {
  let handle;
  try {
    handle = await open(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  try {
    const { ino, size } = await handle.stat();
    const same = known !== undefined && known.inode === ino && known.offset <= size;
    const start = fromEnd && known === undefined ? size : 0;
    const followed = same ? { ...known } : { inode: ino, splitter: new LineSplitter(start), offset: start };
    const buffer = Buffer.allocUnsafe(chunkBytes);
    for (;;) {
      const { bytesRead } = await handle.read(buffer, 0, chunkBytes, followed.offset);
      if (bytesRead === 0) return followed;
      followed.offset += bytesRead;
      await emit(followed.splitter.push(buffer.subarray(0, bytesRead)).lines);
    }
  } finally {
    await handle.close();
  }
}

function messagesOf(path: string, lines: readonly string[], { clock }: FileSourceContext): AppMessage[] {
  const headers = { file_name: basename(path), file_originalFile: path };
  const now = clock.now();
  return lines.map((line) => new AppMessage(line, { headers, contentType: 'text/plain' }, now));
}
