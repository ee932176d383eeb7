import { defineOptions, option } from '@millrace/core';
import { appError } from '../errors.ts';
import { defineProcessor } from '../runtime/define.ts';

export const filter = defineProcessor({
  name: 'filter',
  description: 'Keeps the messages for which an expression is true.',
  example: 'http --port=9000 | filter --expression="payload.celsius > 30" | log',
  options: defineOptions({
    expression: option.expression('filter.function.expression', { doc: 'Keeps a message if this is true.', default: 'true' }),
  }),
  create({ expression, options }) {
    const condition = expression(options.expression, 'filter.function.expression');
    return (message) => {
      const answer = condition.evaluate(message);
      if (answer === true) return message;
      if (answer === false) return undefined;
      throw appError('PAYLOAD_INVALID', {
        problem: `The filter '${options.expression}' gave ${typeOf(answer)} instead of true or false.`,
      });
    };
  },
});

function typeOf(value: unknown): string {
  return value === null || value === undefined ? 'nothing' : `a ${typeof value}`;
}
