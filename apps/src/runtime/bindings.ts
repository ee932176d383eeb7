import { defineOptions, option } from '@millrace/core';
import type { OptionsOf } from '@millrace/core';

const input = 'spring.cloud.stream.bindings.input';
const output = 'spring.cloud.stream.bindings.output';
const defaults = 'spring.cloud.stream.default';

/** What an app reads and how, under the names that Spring Cloud Stream uses. */
export const inputOptions = defineOptions({
  destination: option.string(`${input}.destination`, { doc: 'Destinations to read, comma-separated.' }),
  group: option.string(`${input}.group`, {
    doc: 'Members of a group share the messages; without one, the app sees what is sent while it runs.',
    aliases: [`${defaults}.group`],
  }),
  binder: option.string(`${input}.binder`, { doc: 'The binder that carries what is read, where it is not the default one.' }),
  contentType: option.string(`${input}.content-type`, {
    doc: 'The content type of messages that carry none.',
    default: 'application/json',
    aliases: [`${defaults}.content-type`],
  }),
  concurrency: option.int(`${input}.consumer.concurrency`, {
    doc: 'Messages handled at once, across keys.',
    default: 1,
    min: 1,
    max: 1000,
    aliases: [`${defaults}.consumer.concurrency`],
  }),
  maxAttempts: option.int(`${input}.consumer.max-attempts`, {
    doc: 'Tries in all for a message that fails; 1 disables retry.',
    default: 3,
    min: 1,
    aliases: [`${defaults}.consumer.max-attempts`],
  }),
  backOffInitialInterval: option.duration(`${input}.consumer.back-off-initial-interval`, {
    doc: 'Pause before the second try.',
    default: 1000,
    min: 0,
    aliases: [`${defaults}.consumer.back-off-initial-interval`],
  }),
  backOffMultiplier: option.number(`${input}.consumer.back-off-multiplier`, {
    doc: 'Each pause is the one before times this.',
    default: 2,
    min: 1,
    aliases: [`${defaults}.consumer.back-off-multiplier`],
  }),
  backOffMaxInterval: option.duration(`${input}.consumer.back-off-max-interval`, {
    doc: 'The longest pause.',
    default: 10_000,
    min: 0,
    aliases: [`${defaults}.consumer.back-off-max-interval`],
  }),
  partitioned: option.boolean(`${input}.consumer.partitioned`, {
    doc: 'Whether this instance reads its own fixed share of the partitions.',
    default: false,
    aliases: [`${defaults}.consumer.partitioned`],
  }),
  park: option.boolean('millrace.bindings.input.park', {
    doc: 'Whether messages that fail for good are kept in the dead-letter destination; if not, they are logged and skipped.',
    default: true,
    aliases: [
      'spring.cloud.stream.kafka.bindings.input.consumer.enable-dlq',
      'spring.cloud.stream.rabbit.bindings.input.consumer.auto-bind-dlq',
    ],
  }),
});

/** Where an app's output goes and how, under the names that Spring Cloud Stream uses. */
export const outputOptions = defineOptions({
  destination: option.string(`${output}.destination`, { doc: 'The destination to write to.' }),
  binder: option.string(`${output}.binder`, { doc: 'The binder that carries what is sent, where it is not the default one.' }),
  contentType: option.string(`${output}.content-type`, {
    doc: 'The content type of all that is sent (default: that of each message).',
    aliases: [`${defaults}.content-type`],
  }),
  requiredGroups: option.list(`${output}.producer.required-groups`, {
    doc: 'Groups that must exist before the first message, so that they miss nothing.',
    default: [],
    aliases: [`${defaults}.producer.required-groups`],
  }),
  tap: option.boolean('millrace.bindings.output.tap', {
    doc: 'Whether the output also goes to the destination where the next app is in the same process.',
    default: false,
  }),
  partitionKeyExpression: option.expression(`${output}.producer.partition-key-expression`, {
    doc: 'What decides the partition, evaluated for each message.',
    aliases: [`${defaults}.producer.partition-key-expression`],
  }),
  partitionCount: option.int(`${output}.producer.partition-count`, {
    doc: 'Partitions that the destination gets if it is created here.',
    default: 1,
    min: 1,
    aliases: [`${defaults}.producer.partition-count`],
  }),
});

/** Who an instance is among its like, and where its management endpoints listen. */
export const instanceOptions = defineOptions({
  stream: option.string('spring.cloud.dataflow.stream.name', { doc: 'The stream that the app is part of.', default: '' }),
  label: option.string('spring.cloud.dataflow.stream.app.label', { doc: "The app's label in its stream.", default: '' }),
  index: option.int('spring.cloud.stream.instance-index', {
    doc: 'The number of this instance, from 0.',
    default: 0,
    min: 0,
    aliases: ['instance.index', 'cf.instance.index'],
  }),
  count: option.int('spring.cloud.stream.instance-count', { doc: 'Instances in all.', default: 1, min: 1 }),
  port: option.int('server.port', {
    doc: 'The port of the management endpoints; 0 picks a free one.',
    default: 8080,
    min: 0,
    max: 65_535,
    aliases: ['port'],
  }),
  address: option.string('server.address', {
    doc: 'The address to listen on; anything but loopback opens the endpoints to others.',
    default: '127.0.0.1',
  }),
  shutdown: option.boolean('management.endpoint.shutdown.enabled', {
    doc: 'Whether POST /actuator/shutdown and /shutdown stop the app.',
    default: false,
    aliases: ['endpoints.shutdown.enabled'],
  }),
});

/** The input settings of an app. */
export type InputSettings = OptionsOf<typeof inputOptions>;
/** The output settings of an app. */
export type OutputSettings = OptionsOf<typeof outputOptions>;
/** The instance settings of an app. */
export type InstanceSettings = OptionsOf<typeof instanceOptions>;
