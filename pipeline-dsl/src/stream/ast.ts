import type { ArgumentNode, LabelNode } from '../lexing/arguments.ts';

/** An app of a stream definition, from its label, if it has one, to the end of its last argument. */
export interface StreamAppNode {
  readonly name: string;
  readonly label?: LabelNode;
  readonly args: readonly ArgumentNode[];
  readonly start: number;
  readonly end: number;
}

/** A named destination; `name` is without its colon. */
export interface DestinationNode {
  readonly name: string;
  readonly args: readonly ArgumentNode[];
  readonly start: number;
  readonly end: number;
}

/** A parsed stream definition. Nodes are frozen; positions are 0-based characters of `text`. */
export interface StreamNode {
  readonly text: string;
  /** The name given outside the text, else the one in it, if there is any. */
  readonly name?: string;
  /** The name in the text (`name = …`). */
  readonly ownName?: string;
  readonly source?: DestinationNode;
  /** At least one; for `:a > :b` the one app `bridge`. */
  readonly apps: readonly StreamAppNode[];
  readonly sink?: DestinationNode;
  /** Whether the apps are a list without bindings: joined with `||`, or a single app without destinations. */
  readonly unbound: boolean;
}

/** The label of an app: the explicit one, else its name. */
export function labelOf(app: { readonly name: string; readonly label?: LabelNode }): string {
  return app.label?.name ?? app.name;
}
