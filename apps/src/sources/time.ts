import { defineOptions, option } from '@millrace/core';
import { appError } from '../errors.ts';
import type { AppContext } from '../runtime/context.ts';
import { defineSource } from '../runtime/define.ts';
import { dateFormat } from './date-format.ts';

const poller = 'spring.integration.poller';

const options = defineOptions({
  dateFormat: option.string('time.date-format', { doc: 'Java date pattern of the text.', default: 'MM/dd/yy HH:mm:ss' }),
  fixedDelay: option.duration(`${poller}.fixed-delay`, { doc: 'Pause after each tick.', default: 1000, min: 1 }),
  fixedRate: option.duration(`${poller}.fixed-rate`, { doc: 'Time from tick to tick; instead of a delay.', min: 1 }),
  initialDelay: option.duration(`${poller}.initial-delay`, { doc: 'Pause before the first tick.', default: 0, min: 0 }),
  cron: option.string(`${poller}.cron`, { doc: 'Not supported; use fixed-delay or fixed-rate.' }),
  maxMessagesPerPoll: option.int(`${poller}.max-messages-per-poll`, { doc: 'Messages at each tick.', default: 1, min: 1 }),
  receiveTimeout: option.duration(`${poller}.receive-timeout`, { doc: 'Has no effect: a tick is always there.', default: 1000 }),
});

export const time = defineSource({
  name: 'time',
  description: 'Emits the time at regular intervals.',
  example: 'time --fixed-delay=1s --date-format="HH:mm:ss" | log',
  options,
  differences: [
    { what: 'cron is refused.', why: 'Not built yet; a schedule belongs to the platform.' },
    { what: 'Names of months and days are English.', why: 'The text must not depend on the language of the machine.' },
  ],
  async *generate(context) {
    const format = dateFormat(context.options.dateFormat);
    for await (const _ of ticks(context)) {
      for (let count = 0; count < context.options.maxMessagesPerPoll; count++) yield format(new Date(context.clock.now()));
    }
  },
});

async function* ticks({ options: given, app, clock, pause, signal }: AppContext<typeof options>): AsyncGenerator<void> {
  if (given.cron !== undefined) {
    throw appError('UNSUPPORTED_OPTION', {
      option: options.cron.name,
      app,
      rule: 'is not supported; use fixed-delay or fixed-rate',
    });
  }
  await pause(given.initialDelay);
  for (let next = clock.monotonic(); !signal.aborted;) {
    yield;
    next += given.fixedRate ?? 0;
    await pause(given.fixedRate === undefined ? given.fixedDelay : Math.max(0, next - clock.monotonic()));
  }
}
