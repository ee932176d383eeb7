// Public names are listed here one by one.
export { rabbitBinder } from './rabbit.ts';
export { optionsFromProperties } from './properties/options.ts';
export type { RabbitBinderOptions } from './options.ts';
