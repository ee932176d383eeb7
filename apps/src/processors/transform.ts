import { defineOptions, option } from '@millrace/core';
import { defineProcessor } from '../runtime/define.ts';
import { payloadParts } from '../runtime/expression.ts';

export const transform = defineProcessor({
  name: 'transform',
  description: "Replaces the payload by an expression's value.",
  example: 'http --port=9000 | transform --expression=payload.toUpperCase() | log',
  options: defineOptions({
    expression: option.expression('spel.function.expression', { doc: 'Gives the new payload.', default: 'payload' }),
  }),
  differences: [
    {
      what: 'A message for which the expression gives null is dropped.',
      why: 'A message without a payload cannot be told from a tombstone.',
    },
  ],
  create({ expression, options }) {
    const compute = expression(options.expression, 'spel.function.expression');
    return (message) => {
      const value = compute.raw(message);
      if (value === undefined || value === null) return undefined;
      return value === message.payload ? message : message.with(payloadParts(value));
    };
  },
});
