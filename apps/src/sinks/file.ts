import { defineOptions, option } from '@millrace/core';
import { isNumber, render } from '@millrace/expressions';
import { tmpdir } from 'node:os';
import { isAbsolute, join, relative, resolve } from 'node:path';
import { appError } from '../errors.ts';
import type { AppContext } from '../runtime/context.ts';
import { defineSink } from '../runtime/define.ts';
import type { AppMessage } from '../runtime/message.ts';
import { writers } from './file-modes.ts';
import type { FileContent } from './file-modes.ts';

const options = defineOptions({
  directory: option.file('file.consumer.directory', {
    doc: 'The directory to write to; created where missing.',
    default: join(tmpdir(), 'file-consumer'),
    defaultText: '<temporary directory>/file-consumer',
  }),
  directoryExpression: option.expression('file.consumer.directory-expression', { doc: 'Gives the directory of each message.' }),
  name: option.string('file.consumer.name', { doc: 'The name of the file, without its suffix.', default: 'file-consumer' }),
  nameExpression: option.expression('file.consumer.name-expression', { doc: 'Gives the name of the file of each message.' }),
  suffix: option.string('file.consumer.suffix', { doc: 'What the name ends in; a dot is put before it.', default: '' }),
  mode: option.enum('file.consumer.mode', {
    doc: 'What happens to a file that exists.',
    values: ['APPEND', 'FAIL', 'IGNORE', 'REPLACE', 'REPLACE_IF_MODIFIED', 'APPEND_NO_FLUSH'],
    default: 'APPEND',
  }),
  binary: option.boolean('file.consumer.binary', { doc: 'Whether no line end follows a message.', default: false }),
  charset: option.enum('file.consumer.charset', {
    doc: 'How text is written.',
    values: ['UTF-8', 'UTF-16LE', 'ISO-8859-1', 'US-ASCII'],
    default: 'UTF-8',
  }),
});

type Context = AppContext<typeof options>;

export const fileSink = defineSink({
  name: 'file',
  description: 'Writes messages to files.',
  example: 'http --port=9000 | file --directory=/data/out --name-expression="headers[\'customer\']" --suffix=jsonl',
  options,
  differences: [
    {
      what: 'A message is done when it is on the disk (fdatasync, shared by all messages that wait); APPEND_NO_FLUSH leaves that to the system.',
      why: 'An acknowledged message must survive a power cut.',
    },
    { what: 'After a failed or repeated delivery a message may be in the file twice.', why: 'Delivery is at least once.' },
    { what: 'A name that leaves the directory is refused.', why: 'Names may come from message content.' },
    { what: 'REPLACE_IF_MODIFIED compares content.', why: 'Messages carry no modification time.' },
    { what: 'The default directory is beneath the temporary directory.', why: 'Upstream forgets the separator.' },
    { what: 'Character sets are UTF-8, UTF-16LE, ISO-8859-1 and US-ASCII.', why: 'Those of the platform.' },
  ],
  create(context) {
    const pathOf = paths(context);
    const encoding = encodings[context.options.charset];
    const encode = encoder(context.options.binary);
    const write = writers[context.options.mode];
    // Whether a file existed is asked for each message: in a batch, one message would find the file of another.
    if (context.options.mode === 'FAIL') return (message) => write(pathOf(message), [encode(message)], encoding);
    return {
      async handleBatch(messages) {
        for (const [path, group] of Map.groupBy(messages, pathOf)) await write(path, group.map(encode), encoding);
      },
    };
  },
});

function paths({ options: given, expression }: Context): (message: AppMessage) => string {
  const directory = textOption(expression, given.directoryExpression, options.directoryExpression.name, given.directory);
  const name = textOption(expression, given.nameExpression, options.nameExpression.name, given.name);
  const suffix = given.suffix === '' || given.suffix.startsWith('.') ? given.suffix : `.${given.suffix}`;
  let known: { readonly folder: string; readonly file: string; readonly path: string } | undefined;
  return (message) => {
    const folder = directory(message);
    const file = name(message) + suffix;
    if (known?.folder !== folder || known.file !== file) known = { folder, file, path: pathInside(folder, file) };
    return known.path;
  };
}

function pathInside(folder: string, file: string): string {
  const base = resolve(folder);
  const path = resolve(base, file);
  const inside = relative(base, path);
  if (inside === '' || inside.startsWith('..') || isAbsolute(inside)) {
    throw appError('PAYLOAD_INVALID', { problem: `The file name '${file}' leaves the directory ${base}.` });
  }
  return path;
}

function textOption(expression: Context['expression'], text: string | undefined, option_: string, fixed: string) {
  if (text === undefined) return () => fixed;
  const compute = expression(text, option_);
  return (message: AppMessage): string => {
    const value = compute.raw(message);
    if (typeof value === 'string' || isNumber(value)) return render(value);
    throw appError('PAYLOAD_INVALID', { problem: `'${text}' gave no text for the file of a message.` });
  };
}

const encodings = { 'UTF-8': 'utf8', 'UTF-16LE': 'utf16le', 'ISO-8859-1': 'latin1', 'US-ASCII': 'ascii' } as const;

function encoder(binary: boolean): (message: AppMessage) => FileContent {
  const lineEnd = binary ? '' : '\n';
  return (message) => {
    const { payload } = message;
    return payload instanceof Uint8Array ? { bytes: payload, lineEnd } : message.text() + lineEnd;
  };
}
