import { raise } from '../errors.ts';
import type { SpringNames } from './spring-names.ts';

type Kind = 'number' | 'text' | 'switch';

/** Spring's properties of queues and the arguments that they stand for. */
const shapes: readonly (readonly [property: string, argument: string, kind: Kind])[] = [
  ['expires', 'x-expires', 'number'],
  ['maxLength', 'x-max-length', 'number'],
  ['maxLengthBytes', 'x-max-length-bytes', 'number'],
  ['maxPriority', 'x-max-priority', 'number'],
  ['ttl', 'x-message-ttl', 'number'],
  ['overflowBehavior', 'x-overflow', 'text'],
  ['quorum.deliveryLimit', 'x-delivery-limit', 'number'],
  ['quorum.initialGroupSize', 'x-quorum-initial-group-size', 'number'],
  ['singleActiveConsumer', 'x-single-active-consumer', 'switch'],
];

/** The arguments that a Spring application with these properties gives its groups' queues. */
export function queueArgumentsOf(
  names: SpringNames,
  places: readonly string[],
): Readonly<Record<string, string | number | boolean>> {
  const found: Record<string, string | number | boolean> = {};
  for (const [property, argument, kind] of shapes) {
    const given = names.find(...places.map((place) => `${place}.${property}`));
    if (given !== undefined) Object.assign(found, valueOf(given, argument, kind));
  }
  if (names.get(...places.map((place) => `${place}.lazy`))?.toLowerCase() === 'true') found['x-queue-mode'] = 'lazy';
  return found;
}

function valueOf({ name, text }: { readonly name: string; readonly text: string }, argument: string, kind: Kind): object {
  if (kind === 'text') return { [argument]: text };
  if (kind === 'switch') return text.toLowerCase() === 'true' ? { [argument]: true } : {};
  if (!/^\d+$/.test(text)) throw raise('PROPERTY_INVALID', { name, value: text, expected: 'give a whole number' });
  return { [argument]: Number(text) };
}
