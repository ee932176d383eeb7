import { malformed } from './graph-index.ts';
import type { TaskGraphNode } from './graph.ts';

/** Where a flow ends. */
export type Stops = ReadonlySet<TaskGraphNode>;

/** One element of a flow that is written from a graph. */
export interface FlowElement {
  readonly text: string;
  /** Whether it is a split. */
  readonly wrapped: boolean;
  /** The nodes by which the graph enters it. */
  readonly entries: ReadonlySet<TaskGraphNode>;
  readonly alternatives: readonly Alternative[];
}

/** A path that a transition takes. */
export interface Alternative {
  /** Where it ends. */
  readonly exits: ReadonlySet<TaskGraphNode>;
  /** Whether it is written elsewhere too, so that it may end where its other user ends. */
  readonly shared: boolean;
}

/** From the first element up to, not including, the second. */
interface Range {
  readonly from: number;
  readonly to: number;
}

/** Whether a flow that ends at `stops` ends at this node. */
export function isStop(node: TaskGraphNode, stops: Stops): boolean {
  return stops.has(node) || node.name === 'END';
}

/**
 * Writes the elements of a flow. An alternative path ends where its flow ends; where it joins an earlier element, everything up
 * to that element goes into a split of one branch, whose end is the right one.
 */
export function joinElements(elements: readonly FlowElement[], stops: Stops): string {
  const ranges = elements.flatMap((element, from) =>
    element.alternatives.map((alternative) => ({ from, to: endOf(elements, from, alternative, stops) })),
  );
  const wraps = ranges.filter((range) => needsWrap(range, ranges, elements));
  rejectCrossing(wraps, elements);
  const opening = (index: number) => '<'.repeat(wraps.filter(({ from }) => from === index).length);
  const closing = (index: number) => '>'.repeat(wraps.filter(({ to }) => to === index + 1).length);
  return elements.map(({ text }, index) => opening(index) + text + closing(index)).join(' && ');
}

function endOf(elements: readonly FlowElement[], from: number, { exits, shared }: Alternative, stops: Stops): number {
  if ([...exits].every((node) => isStop(node, stops))) return elements.length;
  const to = elements.findIndex((element, index) => index > from && [...exits].every((node) => element.entries.has(node)));
  if (to >= 0) return to;
  if (shared) return elements.length;
  const names = [...exits].map((node) => `'${node.name}'`).join(', ');
  throw malformed(`a transition leads to ${names} across the bounds of a split`, 'let it join where the split ends');
}

function needsWrap(range: Range, ranges: readonly Range[], elements: readonly FlowElement[]): boolean {
  if (range.to === elements.length || (range.to === range.from + 1 && elements[range.from]!.wrapped)) return false;
  // The one that starts first serves all that end at the same place.
  const sameEnd = ranges.filter(({ to }) => to === range.to);
  return sameEnd.reduce((first, other) => (other.from < first.from ? other : first)) === range;
}

function rejectCrossing(wraps: readonly Range[], elements: readonly FlowElement[]): void {
  const crossed = wraps.find((a) => wraps.some((b) => a.from < b.from && b.from < a.to && a.to < b.to));
  if (crossed !== undefined) {
    throw malformed(
      `the transitions of '${elements[crossed.from]!.text}' cross those of a later app`,
      'let them join at one place',
    );
  }
}
