import type { OutboundMessage } from '../binder/index.ts';

/** A message being put together. */
export type Draft = { -readonly [Name in keyof OutboundMessage]: OutboundMessage[Name] };
