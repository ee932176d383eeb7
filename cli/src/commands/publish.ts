import type { Command } from 'commander';
import { MillraceError, messageOf } from '@millrace/core';
import { eventStream } from '@millrace/messaging';
import type { EventStream, Headers, Millrace, Published, PublishOptions } from '@millrace/messaging';
import { contextOf } from '../context.ts';
import { linesOf } from '../input-lines.ts';
import type { CommandContext } from '../context.ts';
import { raise } from '../errors.ts';

interface PublishFlags {
  readonly key?: string;
  readonly header: readonly string[];
  readonly contentType: string;
}

/** Payloads handed over at once: enough for the binder's batches, little enough to stay small in memory. */
const chunkSize = 1000;

export function addPublishCommand(program: Command): void {
  program
    .command('publish')
    .description('Publish to a destination: one payload, or standard input line by line.')
    .argument('<destination>', 'where to publish')
    .argument('[payload]', "the payload; without it (or with '-') each line of standard input is one")
    .option('-k, --key <key>', 'the key that orders messages')
    .option('-H, --header <name=value>', 'a header; may be repeated', (text: string, all: string[]) => [...all, text], [])
    .option('-t, --content-type <type>', 'what the payload is', 'application/json')
    .addHelpText(
      'after',
      '\nExamples:\n  millrace publish orders \'{"id": 1}\' --key 1\n  cat orders.ndjson | millrace publish orders',
    )
    .action(async (destination: string, payload: string | undefined, flags: PublishFlags, command: Command) => {
      const context = contextOf(command);
      await context.connected((mr) => publish(mr, context, destination, payload, flags));
    });
}

async function publish(
  mr: Millrace,
  { output }: CommandContext,
  destination: string,
  payload: string | undefined,
  flags: PublishFlags,
): Promise<void> {
  const stream = eventStream(destination, { contentType: flags.contentType });
  const options: PublishOptions = { key: flags.key, headers: parseHeaders(flags.header), contentType: flags.contentType };
  const decode = decoderFor(flags.contentType);
  if (payload !== undefined && payload !== '-') {
    const published = await mr.publish(stream, decode(payload, 'the payload'), options);
    output.record(
      { destination, ...published },
      ({ partition, offset }: Published) => `published to ${destination}, partition ${partition ?? '-'}, offset ${offset ?? '-'}`,
    );
    return;
  }
  const count = await publishLines({ mr, stream, options }, decode, (text) => output.note(text));
  output.record({ destination, published: count }, () => `published ${count} message${count === 1 ? '' : 's'} to ${destination}`);
}

/** Publishes standard input line by line; returns how many. A failure says where to go on. */
async function publishLines(target: LineTarget, decode: Decoder, note: (text: string) => void): Promise<number> {
  const lines = new PublishedLines(target);
  try {
    let number = 0;
    for await (const line of linesOf(process.stdin)) {
      number++;
      if (line !== '') await lines.add(decode(line, `line ${number}`), number);
    }
    await lines.flush();
  } catch (error) {
    if (lines.count > 0) note(`${lines.count} messages were published; the first that was not is on line ${lines.next}.`);
    throw error;
  }
  return lines.count;
}

interface LineTarget {
  readonly mr: Millrace;
  readonly stream: EventStream<unknown>;
  readonly options: PublishOptions;
}

interface Line {
  readonly payload: unknown;
  readonly line: number;
}

/** Publishes in chunks and keeps count. */
class PublishedLines {
  /** Messages that were accepted. */
  count = 0;
  readonly #target: LineTarget;
  #chunk: Line[] = [];

  constructor(target: LineTarget) {
    this.#target = target;
  }

  /** The line of the first message that was not accepted. */
  get next(): number {
    return this.#chunk[0]?.line ?? 0;
  }

  async add(payload: unknown, line: number): Promise<void> {
    this.#chunk.push({ payload, line });
    if (this.#chunk.length >= chunkSize) await this.flush();
  }

  async flush(): Promise<void> {
    if (this.#chunk.length === 0) return;
    const { mr, stream, options } = this.#target;
    const payloads = this.#chunk.map(({ payload }) => payload);
    try {
      await mr.publishAll(stream, payloads, { each: () => options });
    } catch (error) {
      const failed = error instanceof MillraceError ? (error.details['failed'] as readonly number[] | undefined) : undefined;
      if (failed !== undefined) this.#settle(this.#chunk.filter((_, index) => failed.includes(index)));
      throw error;
    }
    this.#settle([]);
  }

  #settle(left: Line[]): void {
    this.count += this.#chunk.length - left.length;
    this.#chunk = left;
  }
}

type Decoder = (text: string, what: string) => unknown;

// What is declared as JSON must be JSON; it is found out here, not by the first consumer.
function decoderFor(contentType: string): Decoder {
  if (!/^application\/(.*\+)?json\b/i.test(contentType)) return (text) => text;
  return (text, what) => {
    try {
      return JSON.parse(text) as unknown;
    } catch (error) {
      const next = "correct it or send it with '--content-type text/plain'";
      throw raise('BAD_JSON', { what, problem: messageOf(error), next }, error);
    }
  };
}

function parseHeaders(pairs: readonly string[]): Headers {
  return Object.fromEntries(
    pairs.map((text) => {
      const at = text.indexOf('=');
      if (at < 1) throw raise('BAD_HEADER', { text });
      return [text.slice(0, at), text.slice(at + 1)];
    }),
  );
}
