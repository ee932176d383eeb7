import { defineOptions, option } from '@millrace/core';
import { defineSource } from '../runtime/define.ts';
import type { Emit } from '../runtime/emit.ts';
import { AppMessage } from '../runtime/message.ts';

export const loadGenerator = defineSource({
  name: 'load-generator',
  description: 'Emits synthetic messages as fast as the pipeline takes them.',
  example: 'load-generator --message-count=100000 --message-size=200 | throughput',
  options: defineOptions({
    producers: option.int('load-generator.producers', { doc: 'Producers at work at once.', default: 1, min: 1, max: 1000 }),
    messageSize: option.int('load-generator.message-size', {
      doc: 'Size of a payload.',
      default: 1000,
      min: 0,
      max: 100_000_000,
      unit: 'bytes',
    }),
    messageCount: option.int('load-generator.message-count', { doc: 'Messages of each producer.', default: 1000, min: 0 }),
    generateTimestamp: option.boolean('load-generator.generate-timestamp', {
      doc: 'Whether messages carry the time of their making in the header generatedAt.',
      default: false,
    }),
  }),
  differences: [
    { what: 'generate-timestamp adds the header generatedAt.', why: 'Upstream declares the option but does not use it.' },
  ],
  async start(emit, { options, clock, signal }) {
    const payload = new Uint8Array(options.messageSize);
    const make = () => {
      const now = clock.now();
      return new AppMessage(payload, options.generateTimestamp ? { headers: { generatedAt: now } } : {}, now);
    };
    await Promise.all(Array.from({ length: options.producers }, () => produce(emit, options.messageCount, make, signal)));
  },
});

async function produce(emit: Emit, count: number, make: () => AppMessage, signal: AbortSignal): Promise<void> {
  for (let left = count; left > 0 && !signal.aborted;) {
    const size = Math.min(left, 500);
    await emit(Array.from({ length: size }, make));
    left -= size;
  }
}
