import { open, readFile, rename } from 'node:fs/promises';
import { makeDirectory } from '@millrace/core/files';
import { randomUUID } from 'node:crypto';
import { dirname } from 'node:path';
import { appError } from '../errors.ts';

/** What one message puts into a file: text with its line end, or bytes and what follows them. */
export type FileContent = string | { readonly bytes: Uint8Array; readonly lineEnd: string };

/** Writes the contents of several messages, in order, to one file. */
type Writer = (path: string, contents: readonly FileContent[], encoding: BufferEncoding) => Promise<void>;

/** What the modes of the file sink do. */
export const writers: Readonly<
  Record<'APPEND' | 'APPEND_NO_FLUSH' | 'FAIL' | 'IGNORE' | 'REPLACE' | 'REPLACE_IF_MODIFIED', Writer>
> = {
  APPEND: (path, contents, encoding) => writeFile(path, 'a', joined(contents, encoding), true),
  APPEND_NO_FLUSH: (path, contents, encoding) => writeFile(path, 'a', joined(contents, encoding), false),
  FAIL: async (path, contents, encoding) => {
    if (!(await create(path, joined(contents, encoding)))) throw appError('FILE_EXISTS', { file: path });
  },
  IGNORE: async (path, contents, encoding) => {
    await create(path, joined(contents.slice(0, 1), encoding));
  },
  REPLACE: (path, contents, encoding) => replace(path, joined(contents.slice(-1), encoding)),
  REPLACE_IF_MODIFIED: async (path, contents, encoding) => {
    const content = joined(contents.slice(-1), encoding);
    const present = await contentOf(path);
    if (present === undefined || !present.equals(content)) await replace(path, content);
  },
};

// Text is joined before it is turned into bytes, which is many times faster than the other way round.
function joined(contents: readonly FileContent[], encoding: BufferEncoding): Buffer {
  if (contents.every((content) => typeof content === 'string')) return Buffer.from(contents.join(''), encoding);
  return Buffer.concat(
    contents.flatMap((content) =>
      typeof content === 'string' ? [Buffer.from(content, encoding)] : [content.bytes, Buffer.from(content.lineEnd, encoding)],
    ),
  );
}

async function writeFile(path: string, flags: string, content: Uint8Array, durable: boolean): Promise<void> {
  makeDirectory(dirname(path));
  const handle = await open(path, flags);
  try {
    await handle.writeFile(content);
    if (durable) await handle.datasync();
  } finally {
    await handle.close();
  }
}

async function create(path: string, content: Uint8Array): Promise<boolean> {
  try {
    await writeFile(path, 'wx', content, true);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

// Readers see the old content or the new, never a part.
async function replace(path: string, content: Uint8Array): Promise<void> {
  const beside = `${path}.${randomUUID()}.tmp`;
  await writeFile(beside, 'wx', content, true);
  await rename(beside, path);
}

async function contentOf(path: string): Promise<Buffer | undefined> {
  try {
    return await readFile(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
