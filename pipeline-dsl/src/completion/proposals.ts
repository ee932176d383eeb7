import type { Proposal } from './catalogue.ts';
import type { Suggestion } from './options.ts';

/** Puts suggestions into the text, each once, in the order in which they were made. */
export function toProposals(text: string, cursor: number, suggestions: readonly Suggestion[]): Proposal[] {
  const proposals = suggestions.map(({ insert, from, kind, description }) => ({
    text: text.slice(0, from) + insert + text.slice(cursor),
    insert,
    from,
    to: cursor,
    kind,
    ...(description === undefined ? {} : { description }),
  }));
  return [...new Map(proposals.map((proposal) => [proposal.text, proposal])).values()];
}

/** A cursor within the text. */
export function clampCursor(text: string, cursor: number): number {
  return Math.min(Math.max(Number.isInteger(cursor) ? cursor : text.length, 0), text.length);
}
