// Public names are listed here one by one.
export { embeddedBinder } from './embedded.ts';
export type { EmbeddedBinderOptions } from './options.ts';
