import { findOption, optionSource, readOption } from '@millrace/core';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { describe, expect, it } from 'vitest';
import { Catalogue, stockApps } from '../src/catalogue.ts';
import { knownNames } from '../src/known-names.ts';
import type { AppKind } from '../src/runtime/define.ts';

const unset = undefined;
const poller = 'spring.integration.poller';

/** The names and defaults of the Spring apps, as the catalogue of their properties has them. */
const upstream: readonly (readonly [kind: AppKind, app: string, options: Readonly<Record<string, unknown>>])[] = [
  [
    'source',
    'time',
    {
      'time.date-format': 'MM/dd/yy HH:mm:ss',
      [`${poller}.fixed-delay`]: 1000,
      [`${poller}.fixed-rate`]: unset,
      [`${poller}.cron`]: unset,
      [`${poller}.initial-delay`]: 0,
      [`${poller}.max-messages-per-poll`]: 1,
      [`${poller}.receive-timeout`]: 1000,
    },
  ],
  [
    'source',
    'http',
    {
      'http.supplier.path-pattern': '/',
      'http.supplier.mapped-request-headers': ['HTTP_REQUEST_HEADERS'],
      'http.supplier.cors.allowed-origins': ['*'],
      'http.supplier.cors.allowed-headers': ['*'],
      'http.supplier.cors.allow-credentials': unset,
      'server.port': 8080,
    },
  ],
  [
    'source',
    'file',
    {
      'file.supplier.directory': `${tmpdir()}/file-supplier`,
      'file.supplier.tail': unset,
      'file.supplier.prevent-duplicates': true,
      'file.supplier.filename-pattern': unset,
      'file.supplier.filename-regex': unset,
      'file.supplier.delay-when-empty': 1000,
      'file.supplier.tailer.native-options': unset,
      'file.supplier.tailer.status-reader': unset,
      'file.supplier.tailer.attempts-delay': 5000,
      'file.supplier.tailer.idle-event-interval': unset,
      'file.supplier.tailer.polling-delay': 1000,
      'file.supplier.tailer.end': true,
      'file.supplier.tailer.reopen': false,
      'file.consumer.mode': 'contents',
      'file.consumer.with-markers': unset,
      'file.consumer.markers-json': true,
      'metadata.store.type': 'memory',
    },
  ],
  [
    'source',
    'load-generator',
    {
      'load-generator.producers': 1,
      'load-generator.message-size': 1000,
      'load-generator.message-count': 1000,
      'load-generator.generate-timestamp': false,
    },
  ],
  ['processor', 'filter', { 'filter.function.expression': 'true' }],
  ['processor', 'transform', { 'spel.function.expression': 'payload' }],
  [
    'processor',
    'splitter',
    {
      'splitter.expression': unset,
      'splitter.delimiters': unset,
      'splitter.file-markers': unset,
      'splitter.markers-json': true,
      'splitter.charset': unset,
      'splitter.apply-sequence': true,
    },
  ],
  ['processor', 'bridge', {}],
  ['processor', 'header-enricher', { 'header.enricher.headers': {}, 'header.enricher.overwrite': false }],
  ['sink', 'log', { 'log.consumer.name': unset, 'log.consumer.expression': 'payload', 'log.consumer.level': 'INFO' }],
  [
    'sink',
    'file',
    {
      'file.consumer.directory': `${tmpdir()}/file-consumer`,
      'file.consumer.directory-expression': unset,
      'file.consumer.name': 'file-consumer',
      'file.consumer.name-expression': unset,
      'file.consumer.suffix': '',
      'file.consumer.mode': 'APPEND',
      'file.consumer.binary': false,
      'file.consumer.charset': 'UTF-8',
    },
  ],
  [
    'sink',
    'router',
    {
      'router.expression': unset,
      'router.script': unset,
      'router.variables': unset,
      'router.variables-location': unset,
      'router.refresh-delay': 60_000,
      'router.destination-mappings': {},
      'router.default-output-binding': unset,
      'router.resolution-required': false,
    },
  ],
  ['sink', 'throughput', { 'throughput.report-every-ms': 1000 }],
];

const cases = upstream.flatMap(([kind, app, options]) =>
  Object.entries(options).map(([name, value]) => ({ kind, app, name, value })),
);

describe('the stock apps', () => {
  it('are those of the catalogue', () => {
    expect(stockApps.map((app) => `${app.kind} ${app.name}`).sort()).toEqual(
      upstream.map(([kind, app]) => `${kind} ${app}`).sort(),
    );
  });

  it.each(cases)('$kind $app takes $name with its upstream default, in full and in short', ({ kind, app, name, value }) => {
    const { options } = new Catalogue().require(kind, app);
    const spec = findOption(options, name)!;
    expect(spec.name).toBe(name);
    expect(readOption(spec, optionSource({}))).toEqual(value);
    expect(findOption(options, spec.shortName)).toBe(spec);
  });

  it('have options that are all documented', () => {
    for (const app of stockApps) {
      expect(app.description).toMatch(/^[A-Z].*\.$/);
      for (const spec of Object.values(app.options)) expect(spec.doc, spec.name).toMatch(/^.+[^ ]\.$/);
    }
  });
});

describe('Catalogue.require', () => {
  const catalogue = new Catalogue();

  it.each([
    ['source', 'htp', "did you mean 'http'"],
    ['sink', 'nothing-like-it', 'there are log, file, throughput, router'],
    ['sink', 'http', "'http' is a source, which cannot stand here"],
    ['source', 'jdbc', 'planned but not built yet'],
    ['processor', 'groovy', 'use transform, filter or a custom app'],
    ['source', 'twitter-stream', 'interface it needs is gone'],
  ] as const)('says about the %s %s: %s', (kind, name, hint) => {
    expect(() => catalogue.require(kind, name)).toThrow(
      expect.objectContaining({ reason: 'APP_UNKNOWN', message: expect.stringContaining(hint) }),
    );
  });

  it('does not list as missing what is there', () => {
    for (const { kind, name } of knownNames) expect(catalogue.get(kind, name), `${kind} ${name}`).toBeUndefined();
  });

  it('knows every name of the Spring set: 23 sources, 11 processors, 25 sinks and tasklauncher', () => {
    const counts = Map.groupBy([...knownNames, ...stockApps], (app) => app.kind);
    expect([...counts].map(([kind, apps]) => [kind, apps.length])).toEqual([
      ['source', 23],
      ['processor', 11],
      ['sink', 26],
    ]);
  });
});

it('gives the stock apps the version of their package', () => {
  const { version } = createRequire(import.meta.url)('../package.json') as { version: string };
  expect(new Set(stockApps.map((app) => app.version))).toEqual(new Set([version]));
});
