import { defineOptions, option } from '@millrace/core';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AppContext } from '../runtime/context.ts';

const tailer = 'file.supplier.tailer';

/** The options of the file source. */
export const fileSourceOptions = defineOptions({
  directory: option.file('file.supplier.directory', {
    doc: 'The directory whose files are read.',
    default: join(tmpdir(), 'file-supplier'),
    defaultText: '<temporary directory>/file-supplier',
  }),
  tail: option.file('file.supplier.tail', { doc: 'Follows the lines appended to this file instead of reading a directory.' }),
  mode: option.enum('file.consumer.mode', {
    doc: 'One message per file (contents), per line (lines), or its path (ref).',
    values: ['contents', 'lines', 'ref'],
    default: 'contents',
    aliases: ['file.supplier.mode'],
  }),
  withMarkers: option.boolean('file.consumer.with-markers', {
    doc: 'Whether the lines of a file are preceded and followed by marker messages; mode lines only.',
  }),
  markersJson: option.boolean('file.consumer.markers-json', {
    doc: 'Whether markers are JSON text instead of objects.',
    default: true,
  }),
  preventDuplicates: option.boolean('file.supplier.prevent-duplicates', {
    doc: 'Whether a file is read once only, until it changes.',
    default: true,
  }),
  filenamePattern: option.string('file.supplier.filename-pattern', { doc: 'Names wanted, with * and ?.' }),
  filenameRegex: option.pattern('file.supplier.filename-regex', { doc: 'Names wanted, as a regular expression.' }),
  delayWhenEmpty: option.duration('file.supplier.delay-when-empty', {
    doc: 'Pause when there was nothing new.',
    default: 1000,
    min: 1,
  }),
  once: option.boolean('file.supplier.once', { doc: 'Ends when all that is there has been read and processed.', default: false }),
  store: option.enum('metadata.store.type', {
    doc: 'Where progress is kept: memory forgets at the end of the process, region lasts as long as the binder keeps it.',
    values: ['memory', 'region', 'mongodb', 'redis', 'dynamodb', 'jdbc', 'zookeeper'],
    default: 'memory',
  }),
  nativeOptions: option.string(`${tailer}.native-options`, { doc: 'Not supported: no command of the system is run.' }),
  statusReader: option.boolean(`${tailer}.status-reader`, { doc: 'Has no effect: there is no command whose messages to read.' }),
  attemptsDelay: option.duration(`${tailer}.attempts-delay`, {
    doc: 'Pause before looking again for a file that is missing.',
    default: 5000,
    min: 1,
  }),
  idleEventInterval: option.duration(`${tailer}.idle-event-interval`, {
    doc: 'Logs that nothing was appended for so long.',
    min: 1,
  }),
  pollingDelay: option.duration(`${tailer}.polling-delay`, { doc: 'Pause between looks at the file.', default: 1000, min: 1 }),
  end: option.boolean(`${tailer}.end`, { doc: 'Starts behind what is there already.', default: true }),
  reopen: option.boolean(`${tailer}.reopen`, { doc: 'Has no effect: the file is opened anew at each look.', default: false }),
});

/** The file source's context. */
export type FileSourceContext = AppContext<typeof fileSourceOptions>;
