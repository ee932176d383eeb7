import type { Catalogue, CatalogueAppType } from '@millrace/pipeline-dsl';

const apps: readonly (readonly [string, CatalogueAppType])[] = [
  ['http', 'source'],
  ['hdfs', 'source'],
  ['filter', 'processor'],
  ['log', 'sink'],
  ['orange', 'app'],
  ['basic', 'task'],
  ['plum', 'task'],
];

const options = {
  http: [
    { name: 'port', default: '8080', description: 'where it listens' },
    { name: 'use-ssl', type: 'java.lang.Boolean' },
  ],
  filter: [{ name: 'expression' }, { name: 'expresso', values: ['SINGLE', 'DOUBLE', 'TO GO'] }],
  log: [{ name: 'level' }],
  basic: [{ name: 'foo.bar' }, { name: 'foo.baz' }],
};

/** A small registry. */
export const catalogue: Catalogue = {
  apps: () => apps.map(([name, type]) => ({ name, type })),
  options: (app, type) =>
    apps.some((entry) => entry[0] === app && entry[1] === type) ? (options[app as keyof typeof options] ?? []) : [],
  destinations: () => ['orders', 'time'],
};
