import type { ConnectOptions } from 'millrace';

/** Where a program works: options of `connect` that are plain data, as its argument. */
export function placeOf(argument: string): ConnectOptions {
  return { config: false, ...(JSON.parse(argument) as ConnectOptions) };
}
