import { mkdir, open, readFile, rename } from 'node:fs/promises';
import { randomUUID } from 'node:crypto';
import { dirname } from 'node:path';
import { appError } from '../errors.ts';

/** Writes the contents of several messages, in order, to one file. */
type Writer = (path: string, contents: readonly Uint8Array[]) => Promise<void>;

/** What the modes of the file sink do. */
export const writers: Readonly<
  Record<'APPEND' | 'APPEND_NO_FLUSH' | 'FAIL' | 'IGNORE' | 'REPLACE' | 'REPLACE_IF_MODIFIED', Writer>
> = {
  APPEND: (path, contents) => writeAll(path, 'a', contents, true),
  APPEND_NO_FLUSH: (path, contents) => writeAll(path, 'a', contents, false),
  FAIL: async (path, contents) => {
    if (!(await create(path, Buffer.concat(contents)))) throw appError('FILE_EXISTS', { file: path });
  },
  IGNORE: async (path, contents) => {
    await create(path, contents[0]!);
  },
  REPLACE: (path, contents) => replace(path, contents.at(-1)!),
  REPLACE_IF_MODIFIED: async (path, contents) => {
    const content = contents.at(-1)!;
    const present = await contentOf(path);
    if (present === undefined || !present.equals(content)) await replace(path, content);
  },
};

async function writeAll(path: string, flags: string, contents: readonly Uint8Array[], durable: boolean): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const handle = await open(path, flags);
  try {
    await handle.writeFile(Buffer.concat(contents));
    if (durable) await handle.datasync();
  } finally {
    await handle.close();
  }
}

async function create(path: string, content: Uint8Array): Promise<boolean> {
  try {
    await writeAll(path, 'wx', [content], true);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

// Readers see the old content or the new, never a part.
async function replace(path: string, content: Uint8Array): Promise<void> {
  const beside = `${path}.${randomUUID()}.tmp`;
  await writeAll(beside, 'wx', [content], true);
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
