import { defineOptions, option } from '@millrace/core';
import { render } from '@millrace/expressions';
import { defineSink } from '../runtime/define.ts';
import { logLevels } from '../runtime/logger.ts';

export const log = defineSink({
  name: 'log',
  description: 'Writes messages to the log.',
  example: 'time | log --level=WARN',
  options: defineOptions({
    name: option.string('log.consumer.name', { doc: 'The name of the logger.', defaultText: "the app's name" }),
    expression: option.expression('log.consumer.expression', { doc: 'Gives what is logged.', default: 'payload' }),
    level: option.enum('log.consumer.level', { doc: 'The level at which it is logged.', values: logLevels, default: 'INFO' }),
  }),
  create({ expression, options, logger, stream, label }) {
    const compute = expression(options.expression, 'log.consumer.expression');
    const named = logger.named(options.name ?? (stream === '' ? label : `${stream}/${label}`));
    return (message) => named.log(options.level, render(compute.raw(message)));
  },
});
