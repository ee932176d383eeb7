import { defineOptions, option } from '@millrace/core';
import type { HeaderValue } from '@millrace/messaging/binder';
import { defineProcessor } from '../runtime/define.ts';
import { withHeaders } from '../runtime/message.ts';

export const headerEnricher = defineProcessor({
  name: 'header-enricher',
  description: 'Adds headers whose values are computed from the message.',
  example: `http --port=9000 | header-enricher --headers="customer=payload.customer" | log`,
  options: defineOptions({
    headers: option.map('header.enricher.headers', {
      doc: 'Lines of header name and expression; \\n separates them.',
      default: {},
    }),
    overwrite: option.boolean('header.enricher.overwrite', { doc: 'Whether existing headers are replaced.', default: false }),
  }),
  create({ expression, options }) {
    const added = Object.entries(options.headers).map(
      ([name, text]) => [name, expression(text, `header.enricher.headers.${name}`)] as const,
    );
    return (message) => {
      const more: Record<string, HeaderValue> = {};
      for (const [name, compute] of added) {
        if (!options.overwrite && name in message.headers) continue;
        const value = compute.evaluate(message);
        if (value !== undefined && value !== null) more[name] = value as HeaderValue;
      }
      return message.with({ headers: withHeaders(message.headers, more) });
    };
  },
});
