import type { ArgumentNode, LabelNode } from '../lexing/arguments.ts';

/** Where a transition goes: to an app of its own, or to whatever bears a label. */
export type TransitionTarget =
  | { readonly kind: 'app'; readonly app: TaskAppNode }
  | { readonly kind: 'label'; readonly label: string };

/** `code->target` behind an app. */
export interface TransitionNode {
  /** The code without quotes; `*` stands for any. */
  readonly code: string;
  /** Whether the code was written without quotes: a number or `*`. */
  readonly bare: boolean;
  readonly target: TransitionTarget;
  readonly start: number;
  readonly end: number;
}

/** An app of a task definition; `start` is that of its name. */
export interface TaskAppNode {
  readonly kind: 'app';
  readonly name: string;
  readonly label?: LabelNode;
  readonly args: readonly ArgumentNode[];
  readonly transitions: readonly TransitionNode[];
  readonly start: number;
  readonly end: number;
}

/** `<branch || branch>`: its branches run in parallel and join. */
export interface SplitNode {
  readonly kind: 'split';
  readonly label?: LabelNode;
  readonly branches: readonly FlowNode[];
  readonly start: number;
  readonly end: number;
}

/** `a && b`: its elements run one after the other. Flows in parentheses are part of the flow around them. */
export interface FlowNode {
  readonly kind: 'flow';
  readonly elements: readonly (TaskAppNode | SplitNode)[];
  readonly start: number;
  readonly end: number;
}

/** A parsed task definition. Nodes are frozen; positions are 0-based characters of `text`. */
export interface TaskNode {
  readonly text: string;
  readonly name: string;
  /** The first runs; transitions reach the others by the label of their first element. */
  readonly sequences: readonly FlowNode[];
  /** Whether it is more than one app without transitions. */
  readonly composed: boolean;
}

/** The label of an app or split: the explicit one, or an app's name. */
export function taskLabelOf(node: TaskAppNode): string {
  return node.label?.name ?? node.name;
}

/** Whether an app stands for the end of the task: `$END` or `$FAIL`. It is never a child task. */
export function isEnding(app: { readonly name: string }): boolean {
  return app.name === '$END' || app.name === '$FAIL';
}

/** Every app of a definition in the order of the text, targets of transitions included. */
export function appsOf(node: TaskNode): TaskAppNode[] {
  return node.sequences.flatMap(appsOfFlow);
}

function appsOfFlow(flow: FlowNode): TaskAppNode[] {
  return flow.elements.flatMap((element) => {
    if (element.kind === 'split') return element.branches.flatMap(appsOfFlow);
    return [element, ...element.transitions.flatMap(({ target }) => (target.kind === 'app' ? [target.app] : []))];
  });
}
