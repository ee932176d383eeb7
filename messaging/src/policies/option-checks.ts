import type { StartPosition } from '../binder/index.ts';
import { raise } from '../errors.ts';

// Checks of options that users give. An absent option is right; a wrong one is `INVALID_ARGUMENT` and names itself, its value and the rule.

/** An integer from 1. */
export function checkCount(option: string, value: number | undefined): void {
  refuseUnless(value === undefined || (Number.isInteger(value) && value >= 1), option, value, 'an integer from 1');
}

/** Milliseconds, whole or not. */
export function checkMs(option: string, value: number | undefined, least: number): void {
  refuseUnless(value === undefined || value >= least, option, value, `milliseconds from ${least}`);
}

/** One of a closed list. */
export function checkChoice<T extends string>(option: string, value: T | undefined, choices: readonly T[]): void {
  refuseUnless(value === undefined || choices.includes(value), option, value, `one of ${choices.join(', ')}`);
}

/** Where a subscription begins. */
export function checkStart(start: StartPosition | undefined): void {
  if (start === undefined || start === 'earliest' || start === 'latest') return;
  const [name, value] = Object.entries(start)[0] ?? [];
  const isRight = (name === 'offset' && Number.isInteger(value) && value! >= 0) || (name === 'time' && Number.isFinite(value));
  const rule = "'earliest', 'latest', { offset } with an integer from 0, or { time } with milliseconds since the epoch";
  refuseUnless(isRight, 'start', JSON.stringify(start), rule);
}

function refuseUnless(isRight: boolean, option: string, value: unknown, rule: string): void {
  if (!isRight) throw raise('INVALID_OPTION', { option, value, rule });
}
