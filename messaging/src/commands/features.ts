import type { Binder, QueueCapabilities, QueueFacet } from '../binder/index.ts';
import { raise } from '../errors.ts';
import { checkMs } from '../policies/option-checks.ts';
import type { SendOptions } from '../client.ts';

/** The queue side of a binder; `UNSUPPORTED` when it has none. */
export function queueOf(binder: Binder, operation: string, destination: string): { facet: QueueFacet; can: QueueCapabilities } {
  const can = binder.capabilities.queue;
  if (binder.queue === undefined || can === false)
    throw raise('FACET_MISSING', { binder: binder.name, facet: 'queue', operation, destination });
  return { facet: binder.queue, can };
}

/** Refuses what the binder cannot do before anything is sent: `UNSUPPORTED` names the option. */
export function checkSendOptions(options: SendOptions, can: QueueCapabilities, binder: string, command: string): void {
  const need = (option: string, isAsked: boolean, isThere: boolean): void => {
    if (isAsked && !isThere) throw raise('OPTION_UNSUPPORTED', { binder, option, destination: command });
  };
  need('notBefore', options.notBefore !== undefined, can.delay);
  need('delayMs', options.delayMs !== undefined && options.delayMs > 0, can.delay);
  need('timeToLiveMs', options.timeToLiveMs !== undefined, can.timeToLive);
  need('deduplicateMs', (options.deduplicateMs ?? 0) > 0, can.deduplication);
  need('priority', (options.priority ?? 0) > 0, can.priorities > 1);
  checkNumbers(options, can.priorities);
}

function checkNumbers(options: SendOptions, priorities: number): void {
  const { priority = 0, delayMs, deduplicateMs = 0, notBefore, id } = options;
  const fits = Number.isInteger(priority) && priority >= 0 && priority < Math.max(1, priorities);
  if (!fits) throw raise('INVALID_OPTION', { option: 'priority', value: priority, rule: `an integer from 0 to ${priorities - 1}` });
  if (Number.isNaN(notBefore?.getTime()))
    throw raise('INVALID_OPTION', { option: 'notBefore', value: notBefore, rule: 'a valid date' });
  if (deduplicateMs > 0 && id === undefined)
    throw raise('INVALID_OPTION', { option: 'deduplicateMs', value: deduplicateMs, rule: "accompanied by the 'id' to compare" });
  if (delayMs !== undefined && notBefore !== undefined)
    throw raise('INVALID_OPTION', { option: 'delayMs', value: delayMs, rule: "absent when 'notBefore' is given" });
  checkMs('delayMs', delayMs, 0);
  checkMs('timeToLiveMs', options.timeToLiveMs, 1);
  checkMs('deduplicateMs', deduplicateMs, 0);
  checkMs('deadlineMs', options.deadlineMs, 1);
}
