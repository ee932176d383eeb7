import type { RabbitBinderOptions } from '../options.ts';

/** The options that settings under Spring's names ask for. Settings of other things are left aside. */
export function optionsFromProperties(_properties: Readonly<Record<string, unknown>>): RabbitBinderOptions {
  return {};
}
