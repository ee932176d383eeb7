import { defineOptions, option } from '@millrace/core';
import type { AppContext } from '../runtime/context.ts';
import { defineProcessor } from '../runtime/define.ts';
import { payloadParts } from '../runtime/expression.ts';
import { textOf, withHeaders } from '../runtime/message.ts';
import type { AppMessage } from '../runtime/message.ts';

const options = defineOptions({
  expression: option.expression('splitter.expression', { doc: 'Gives the parts; goes before every other way.' }),
  delimiters: option.string('splitter.delimiters', { doc: 'Characters that end a part of a text.' }),
  fileMarkers: option.boolean('splitter.file-markers', { doc: 'Splits into lines, between a start and an end marker.' }),
  markersJson: option.boolean('splitter.markers-json', { doc: 'Whether markers are JSON text.', default: true }),
  charset: option.string('splitter.charset', { doc: 'Splits into lines, reading bytes in this character set.' }),
  applySequence: option.boolean('splitter.apply-sequence', {
    doc: 'Whether parts get the headers correlationId, sequenceNumber and sequenceSize.',
    default: true,
  }),
  jsonArray: option.boolean('splitter.json-array', {
    doc: 'Whether text that is a JSON array is split into its items.',
    default: false,
  }),
});

type Split = (message: AppMessage) => readonly unknown[];

export const splitter = defineProcessor({
  name: 'splitter',
  description: 'Makes several messages out of one.',
  example: `http --port=9000 | splitter --expression="#jsonPath(payload,'$.items')" | log`,
  options,
  differences: [
    {
      what: 'Without any way of splitting given, a message stays one part.',
      why: 'Lists arrive as JSON text, which upstream does not split either; in one process nothing must be different.',
    },
    { what: 'The option json-array.', why: 'Splitting a JSON array that arrives as text otherwise needs an expression.' },
    {
      what: 'Line mode splits the text of the message, never a file that the text names.',
      why: 'A message must not make an app read files.',
    },
  ],
  create(context) {
    const split = chooseSplit(context);
    const { applySequence } = context.options;
    return (message) => {
      const parts = split(message);
      return parts.map((part, index) => {
        const headers = applySequence ? sequenceHeaders(message, index + 1, parts.length) : message.headers;
        return part === message.payload ? message.with({ headers }) : message.with({ ...payloadParts(part), headers });
      });
    };
  },
});

function sequenceHeaders(message: AppMessage, sequenceNumber: number, sequenceSize: number) {
  return withHeaders(message.headers, { correlationId: message.id, sequenceNumber, sequenceSize });
}

function chooseSplit({ options: given, expression }: AppContext<typeof options>): Split {
  if (given.expression !== undefined) {
    const compute = expression(given.expression, 'splitter.expression');
    return (message) => partsOf(compute.raw(message));
  }
  if (given.charset !== undefined || given.fileMarkers !== undefined)
    return lineSplit(given.charset ?? 'UTF-8', given.fileMarkers ?? false);
  const { delimiters, jsonArray } = given;
  return (message) => {
    const { payload } = message;
    if (delimiters !== undefined && typeof payload === 'string') return tokens(payload, delimiters);
    return jsonArray ? partsOf(message.json() ?? payload) : [payload];
  };
}

function partsOf(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  if (value === null || value === undefined) return [];
  const single = value instanceof Uint8Array || value instanceof Map;
  const iterable = typeof value === 'object' && !single && Symbol.iterator in value;
  return iterable ? [...(value as Iterable<unknown>)] : [value];
}

function tokens(text: string, delimiters: string): string[] {
  const parts: string[] = [];
  let open = '';
  for (const char of text) {
    if (delimiters.includes(char)) {
      parts.push(open);
      open = '';
    } else {
      open += char;
    }
  }
  return [...parts, open].map((part) => part.trim()).filter((part) => part !== '');
}

function lineSplit(charset: string, markers: boolean): Split {
  const decoder = new TextDecoder(charset);
  return (message) => {
    const text = message.payload instanceof Uint8Array ? decoder.decode(message.payload) : textOf(message.payload);
    const lines = text.replace(/\r?\n$/, '').split(/\r?\n/);
    if (!markers) return lines;
    const filePath = message.headers['file_originalFile'] ?? '';
    const mark = (name: string, lineCount: number) => JSON.stringify({ filePath, mark: name, lineCount });
    return [mark('START', 0), ...lines, mark('END', lines.length)];
  };
}
