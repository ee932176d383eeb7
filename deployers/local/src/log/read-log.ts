import { setTimeout as sleep } from 'node:timers/promises';
import { defaultTail } from '@millrace/deployer-contract';
import type { LogLine, LogOptions } from '@millrace/deployer-contract';
import { LineReader } from './line-reader.ts';
import type { LogFile } from './log-file.ts';

/** One of the logs of a deployment. */
export interface LogSource {
  readonly instance: string;
  readonly stream: LogLine['stream'];
  readonly file: LogFile;
}

const pollMs = 100;

/**
 * The lines of several logs, each under its instance's name. `sources` is asked again while following, as instances come and go; it
 * answers `undefined` when the deployment is no more, which ends following.
 */
export async function* readLog(
  sources: () => readonly LogSource[] | undefined,
  { tail = defaultTail, follow = false, instance, stream, signal }: LogOptions,
): AsyncGenerator<LogLine, void, undefined> {
  const readers = new Map<LogFile, { readonly source: LogSource; readonly lines: LineReader }>();
  const wanted = (source: LogSource) =>
    (instance === undefined || source.instance === instance) && (stream === undefined || source.stream === stream);
  // Of an instance that comes later, all is new.
  for (let lines = tail; ; lines = Infinity) {
    // When it is over, what is known already is read to its end.
    const now = sources();
    for (const source of now?.filter(wanted) ?? [])
      if (!readers.has(source.file)) readers.set(source.file, { source, lines: new LineReader(source.file, lines) });
    for (const { source, lines: reader } of readers.values()) yield* linesOf(source, reader, !follow || now === undefined);
    if (!follow || now === undefined || signal?.aborted === true) return;
    if (!(await paused(signal))) return;
  }
}

function* linesOf({ instance, stream }: LogSource, reader: LineReader, isLast: boolean): Generator<LogLine> {
  for (let lines = reader.next(); lines.length > 0; lines = reader.next())
    for (const text of lines) yield { instance, stream, text };
  if (isLast) for (const text of reader.last()) yield { instance, stream, text };
}

async function paused(signal: AbortSignal | undefined): Promise<boolean> {
  try {
    await sleep(pollMs, undefined, { signal });
    return true;
  } catch (error) {
    if (signal?.aborted === true) return false;
    throw error;
  }
}
