import type { Dirent } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { messageOf } from '@millrace/core';
import { makeDirectory } from '@millrace/core/files';
import { appError } from '../errors.ts';
import { defineSource } from '../runtime/define.ts';
import type { Emit } from '../runtime/emit.ts';
import type { PositionStore } from '../runtime/positions.ts';
import { fileSourceOptions } from './file-options.ts';
import type { FileSourceContext } from './file-options.ts';
import { FileReader } from './file-reader.ts';
import { followFile } from './file-tail.ts';
import { pathPattern } from './path-pattern.ts';

export const file = defineSource({
  name: 'file',
  description: 'Reads the files of a directory as they appear, or follows one file.',
  example: 'file --directory=/data/in --mode=lines --once=true | filter --expression="payload.celsius > 30" | log',
  options: fileSourceOptions,
  differences: [
    { what: 'The option once.', why: 'A pipeline over what is there now can end.' },
    {
      what: 'metadata.store.type knows memory and region; the others are refused.',
      why: 'A region is on whatever binder is configured.',
    },
    {
      what: 'A file counts as read when the pipeline is done with it, not when it is found.',
      why: 'A crash in between must not lose it.',
    },
    {
      what: 'With a region, lines are read on from the last line that the pipeline was done with.',
      why: 'Large files need not be repeated.',
    },
    { what: 'mode may also be written file.supplier.mode.', why: "Upstream's documentation says so." },
    { what: 'Hidden files and names ending in .tmp or .writing are skipped.', why: 'They are usually not complete.' },
  ],
  async start(emit, context) {
    refuseForeign(context);
    if (context.options.tail !== undefined) return followFile(context.options.tail, emit, context);
    return pollDirectory(emit, context);
  },
});

function refuseForeign({ options: given, app }: FileSourceContext): void {
  if (given.store !== 'memory' && given.store !== 'region') {
    const rule = `cannot be '${given.store}'; use memory or region`;
    throw appError('UNSUPPORTED_OPTION', { option: fileSourceOptions.store.name, app, rule });
  }
  if (given.nativeOptions !== undefined) {
    throw appError('UNSUPPORTED_OPTION', {
      option: fileSourceOptions.nativeOptions.name,
      app,
      rule: 'is not supported; remove it',
    });
  }
}

async function pollDirectory(emit: Emit, context: FileSourceContext): Promise<void> {
  const { options: given, signal, pause } = context;
  const store = context.positions(given.store === 'region' ? 'region' : 'memory');
  const directory = resolve(given.directory);
  while (!signal.aborted) {
    const found = await newFiles(directory, context, store);
    for (const { path, version } of found) {
      if (signal.aborted) return;
      await new FileReader({ directory, path, version, emit, context, store }).read();
    }
    if (given.once) return;
    if (found.length === 0 || !given.preventDuplicates) await pause(given.delayWhenEmpty);
  }
}

interface FoundFile {
  readonly path: string;
  /** Changes when the file does. */
  readonly version: string;
}

async function newFiles(directory: string, context: FileSourceContext, store: PositionStore): Promise<FoundFile[]> {
  const given = context.options;
  const wanted = nameFilter(given.filenamePattern, given.filenameRegex);
  const entries = await entriesOf(directory, context);
  const names = entries.filter((entry) => entry.isFile() && wanted(entry.name)).map((entry) => entry.name);
  const found: FoundFile[] = [];
  for (const name of names.sort()) {
    const path = join(directory, name);
    const { mtimeMs, size } = await stat(path);
    const version = `${mtimeMs}/${size}`;
    const seen = given.preventDuplicates && (await store.get(`read/${path}`)) === version;
    if (!seen) found.push({ path, version });
  }
  return found;
}

/** As upstream, a directory that is missing is made and watched. Who reads once would end with nothing, and is told instead. */
async function entriesOf(directory: string, { options: given, logger }: FileSourceContext): Promise<Dirent[]> {
  try {
    return await readdir(directory, { withFileTypes: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT')
      throw appError('DIRECTORY_UNREADABLE', { directory, problem: messageOf(error) }, error);
    if (given.once) throw appError('DIRECTORY_MISSING', { directory }, error);
    makeDirectory(directory);
    logger.log('WARN', `There was no directory ${directory}; it was made and is watched.`);
    return [];
  }
}

function nameFilter(pattern: string | undefined, regex: string | undefined): (name: string) => boolean {
  const tests = [
    ...(pattern === undefined ? [] : [pathPattern(pattern)]),
    ...(regex === undefined ? [] : [new RegExp(`^(?:${regex})$`)]),
  ];
  return (name) => !/^\.|\.(?:tmp|writing)$/.test(name) && tests.every((test) => test.test(name));
}
