import { AppMessage } from '../runtime/message.ts';

/** Appends what an app returned for `origin`: nothing, a payload under the headers and key of `origin`, a message, or a list. */
export function collect(result: unknown, origin: AppMessage, into: AppMessage[]): void {
  if (result === undefined || result === null) return;
  if (result instanceof AppMessage) into.push(result);
  else if (Array.isArray(result)) for (const each of result) collectOne(each, origin, into);
  else into.push(origin.with({ payload: result }));
}

function collectOne(item: unknown, origin: AppMessage, into: AppMessage[]): void {
  if (item instanceof AppMessage) into.push(item);
  else if (item !== undefined) into.push(origin.with({ payload: item }));
}

const noParts = Object.freeze({});

/** The messages of what a source emitted. */
export function emitted(emission: unknown, now: number): readonly AppMessage[] {
  if (emission instanceof AppMessage) return [emission];
  if (emission === undefined) return [];
  if (!Array.isArray(emission)) return [new AppMessage(emission, {}, now)];
  if (emission.every((item) => item instanceof AppMessage)) return emission;
  return emission.map((item: unknown) => (item instanceof AppMessage ? item : new AppMessage(item, noParts, now)));
}
