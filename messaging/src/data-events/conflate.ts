import type { TrackedEvent } from './tracked-event.ts';

type Kind = TrackedEvent['kind'];

const arrivals: ReadonlySet<Kind> = new Set<Kind>(['snapshot', 'created', 'entered']);
const removals: ReadonlySet<Kind> = new Set<Kind>(['removed', 'expired', 'left']);
const conditional: ReadonlySet<Kind> = new Set<Kind>(['entered', 'changed']);

/** Whether someone who is told this event knew of the entry before. */
export function knewBefore({ kind }: TrackedEvent): boolean {
  return !arrivals.has(kind);
}

/**
 * Two events of one key that both wait, as one: what the entry is now, for someone who `knew` of it before the first that waited, or
 * did not. What came and went meanwhile is told as gone; whoever never knew it loses nothing by that.
 */
export function conflate(first: TrackedEvent, second: TrackedEvent, knew: boolean): TrackedEvent {
  return { ...second, kind: kindOf(first.kind, second.kind, knew), previous: first.previous };
}

function kindOf(first: Kind, second: Kind, knew: boolean): Kind {
  if (removals.has(second) || second === 'snapshot') return second;
  if (knew) return conditional.has(second) ? 'changed' : 'updated';
  if (first === 'snapshot') return first;
  return conditional.has(second) ? 'entered' : 'created';
}
