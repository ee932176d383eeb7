import type { AppKind } from './runtime/define.ts';

/** An app of the Spring set that is not among ours. */
export interface KnownName {
  readonly kind: AppKind;
  readonly name: string;
  /** Whether it is planned, or what to use. */
  readonly instead: string;
}

const planned = 'it is planned but not built yet';
const custom = 'it is not planned; write a custom app, see the README of @millrace/apps';
const twitter = 'it is not planned, as the interface it needs is gone';

function rows(kind: AppKind, byName: Readonly<Record<string, string>>): KnownName[] {
  return Object.entries(byName).map(([name, instead]) => ({ kind, name, instead }));
}

/** The names of the Spring apps that a definition may hold and we do not have, so that using them gives a helpful answer. */
export const knownNames: readonly KnownName[] = [
  ...rows('source', {
    debezium: planned,
    ftp: planned,
    jdbc: planned,
    jms: custom,
    kafka: planned,
    mail: custom,
    mongodb: planned,
    mqtt: planned,
    rabbit: planned,
    s3: planned,
    sftp: planned,
    syslog: planned,
    tcp: planned,
    'twitter-message': twitter,
    'twitter-search': twitter,
    'twitter-stream': twitter,
    websocket: planned,
    xmpp: custom,
    zeromq: custom,
  }),
  ...rows('processor', {
    aggregator: planned,
    groovy: 'it is not planned; use transform, filter or a custom app in TypeScript',
    'header-filter': planned,
    'http-request': planned,
    script: planned,
    'twitter-trend': twitter,
  }),
  ...rows('sink', {
    analytics: planned,
    cassandra: custom,
    elasticsearch: custom,
    ftp: planned,
    sftp: planned,
    jdbc: planned,
    kafka: planned,
    mongodb: planned,
    mqtt: planned,
    pgcopy: planned,
    rabbit: planned,
    redis: planned,
    rsocket: custom,
    s3: planned,
    tasklauncher: planned,
    tcp: planned,
    'twitter-message': twitter,
    'twitter-update': twitter,
    wavefront: 'it is not planned; metrics are at /actuator/prometheus',
    websocket: planned,
    xmpp: custom,
    zeromq: custom,
  }),
];
