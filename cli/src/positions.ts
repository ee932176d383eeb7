import { raise } from './errors.ts';

const units: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** How positions can be written, for help texts. */
export const positionForms = "'earliest', 'latest', an offset, a time, or an age such as -15m";

/** Reads a position as users type it: `earliest`, `latest`, an offset, a time, or an age such as `-15m`. */
export function parsePosition(text: string): 'earliest' | 'latest' | number | Date {
  if (text === 'earliest' || text === 'latest') return text;
  if (/^\d+$/.test(text)) return Number(text);
  const age = /^-(\d+)([smhd])$/.exec(text);
  if (age) return new Date(Date.now() - Number(age[1]) * units[age[2]!]!);
  const time = new Date(text);
  if (Number.isNaN(time.getTime())) throw raise('BAD_POSITION', { text });
  return time;
}

/** A whole number option. */
export function parseCount(option: string, min = 0): (text: string) => number {
  return (text) => {
    if (!/^\d+$/.test(text) || Number(text) < min) throw raise('BAD_NUMBER', { option, min, text });
    return Number(text);
  };
}
