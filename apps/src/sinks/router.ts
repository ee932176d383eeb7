import { defineOptions, option } from '@millrace/core';
import { render } from '@millrace/expressions';
import { appError } from '../errors.ts';
import type { AppContext } from '../runtime/context.ts';
import { defineSink } from '../runtime/define.ts';
import type { AppMessage } from '../runtime/message.ts';

const options = defineOptions({
  expression: option.expression('router.expression', {
    doc: 'Gives the key that decides where a message goes.',
    defaultText: "headers['routeTo']",
  }),
  script: option.string('router.script', { doc: 'Not supported; use an expression.' }),
  variables: option.map('router.variables', { doc: 'Variables of the script; not supported.' }),
  variablesLocation: option.string('router.variables-location', { doc: 'File with variables of the script; not supported.' }),
  refreshDelay: option.duration('router.refresh-delay', {
    doc: 'How often the script is read again; has no effect.',
    default: 60_000,
  }),
  destinationMappings: option.map('router.destination-mappings', {
    doc: 'Lines of key and destination; a key without one is the destination.',
    default: {},
  }),
  defaultOutputBinding: option.string('router.default-output-binding', {
    doc: 'The destination of messages whose key has no mapping.',
  }),
  resolutionRequired: option.boolean('router.resolution-required', {
    doc: 'Whether a key that is neither mapped nor covered by the default is an error.',
    default: false,
  }),
});

export const router = defineSink({
  name: 'router',
  description: 'Sends each message to the named destination that its content asks for.',
  example: `http --port=9000 | router --expression=payload.kind --destination-mappings="sale=sales\\nreturn=returns"`,
  options,
  differences: [
    { what: 'Scripts are refused.', why: 'They would run arbitrary code in the app.' },
    {
      what: 'A message without a key and without a default is logged and dropped unless resolution is required.',
      why: 'As upstream, but visible.',
    },
  ],
  create(context) {
    refuseScripts(context);
    const route = routing(context);
    return {
      async handleBatch(messages) {
        const byDestination = Map.groupBy(messages, route);
        const dropped = byDestination.get(undefined);
        byDestination.delete(undefined);
        if (dropped !== undefined) context.logger.log('WARN', `${dropped.length} message(s) without a destination were dropped.`);
        await Promise.all([...byDestination].map(([destination, group]) => context.send(destination!, group)));
      },
    };
  },
});

function refuseScripts({ options: given, app }: AppContext<typeof options>): void {
  for (const name of ['script', 'variables', 'variablesLocation'] as const) {
    if (given[name] !== undefined)
      throw appError('UNSUPPORTED_OPTION', { option: options[name].name, app, rule: 'is not supported; use an expression' });
  }
}

function routing({ options: given, expression }: AppContext<typeof options>): (message: AppMessage) => string | undefined {
  const key = expression(given.expression ?? "headers['routeTo']", 'router.expression');
  const mappings = new Map(Object.entries(given.destinationMappings));
  return (message) => {
    const value = key.raw(message);
    const name = value === undefined || value === null || value === '' ? undefined : render(value);
    const mapped = name === undefined ? undefined : mappings.get(name);
    if (mapped !== undefined) return mapped;
    if (given.defaultOutputBinding !== undefined) return given.defaultOutputBinding;
    if (given.resolutionRequired)
      throw appError('PAYLOAD_INVALID', { problem: `No destination for the routing key '${name ?? ''}'.` });
    return name;
  };
}
