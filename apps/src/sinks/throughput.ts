import { defineOptions, option } from '@millrace/core';
import { defineSink } from '../runtime/define.ts';
import type { AppMessage } from '../runtime/message.ts';

export const throughput = defineSink({
  name: 'throughput',
  description: 'Counts messages and logs their rate.',
  example: 'load-generator --message-count=100000 | throughput',
  options: defineOptions({
    reportEvery: option.duration('throughput.report-every-ms', { doc: 'How often the rate is logged.', default: 1000, min: 1 }),
  }),
  differences: [{ what: 'The last, shorter interval is reported at the end.', why: 'Short runs would otherwise report nothing.' }],
  create({ options, logger, clock }) {
    let since = clock.monotonic();
    let messages = 0;
    let bytes = 0;
    const report = () => {
      const ms = clock.monotonic() - since;
      const rate = (count: number) => Math.round((count * 1000) / Math.max(ms, 1));
      logger.log('INFO', `Messages: ${messages} in ${Math.round(ms)} ms = ${rate(messages)}/s, ${rate(bytes)} bytes/s`);
      [since, messages, bytes] = [clock.monotonic(), 0, 0];
    };
    return {
      handleBatch(batch) {
        messages += batch.length;
        for (const message of batch) bytes += size(message);
        if (clock.monotonic() - since >= options.reportEvery) report();
      },
      close: () => (messages > 0 ? report() : undefined),
    };
  },
});

function size(message: AppMessage): number {
  const { payload } = message;
  return payload instanceof Uint8Array ? payload.length : Buffer.byteLength(message.text());
}
