import type { TrackedEvent } from './tracked-event.ts';

const arrivals: ReadonlySet<string> = new Set(['snapshot', 'created', 'entered']);
const removals: ReadonlySet<string> = new Set(['removed', 'expired', 'left']);

/**
 * Two events of one key that both wait, as one: what the key is now, told to someone who knows what was before the first. Something
 * that came and went meanwhile is told as gone; whoever never knew it loses nothing by that.
 */
export function conflate(first: TrackedEvent, second: TrackedEvent): TrackedEvent {
  return { ...second, kind: kindOf(first.kind, second.kind), previous: first.previous };
}

function kindOf(first: TrackedEvent['kind'], second: TrackedEvent['kind']): TrackedEvent['kind'] {
  if (removals.has(second)) return second;
  if (arrivals.has(first)) return first;
  // Gone and back again: to the watcher it has only changed.
  if (removals.has(first)) return second === 'entered' || second === 'changed' ? 'changed' : 'updated';
  return second;
}
