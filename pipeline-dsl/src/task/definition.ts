import { argumentsRecord } from '../lexing/arguments.ts';
import { appsOf, isEnding, taskLabelOf, type FlowNode, type TaskAppNode, type TaskNode, type TransitionNode } from './ast.ts';
import { codeText } from './codes.ts';
import { appText } from './text.ts';

/** An app of a task. */
export interface TaskApp {
  /** The name it is registered under. */
  readonly name: string;
  /** Unique in its task; the name where no label was given. */
  readonly label: string;
  readonly options: Readonly<Record<string, string>>;
}

/** The task definition that an app of a composed task becomes. */
export interface ChildTask {
  /** `<task>-<label>` */
  readonly name: string;
  /** The name its app is registered under. */
  readonly app: string;
  readonly label: string;
  readonly options: Readonly<Record<string, string>>;
  /** Its definition: label, app and options. */
  readonly text: string;
}

/** The apps of a task in the order of the text, targets of transitions included, `$END` and `$FAIL` not. */
export function taskApps(node: TaskNode): TaskApp[] {
  return realApps(node).map((app) => ({ name: app.name, label: taskLabelOf(app), options: argumentsRecord(app.args) }));
}

function realApps(node: TaskNode): TaskAppNode[] {
  return appsOf(node).filter((app) => !isEnding(app));
}

/** One child definition per app; created and deleted with a composed task. */
export function childTasks(node: TaskNode): ChildTask[] {
  return realApps(node).map((app) => ({
    name: childName(node, app),
    app: app.name,
    label: taskLabelOf(app),
    options: argumentsRecord(app.args),
    text: appText(app.label?.name, app.name, argumentsRecord(app.args)),
  }));
}

function childName(node: TaskNode, app: TaskAppNode): string {
  return isEnding(app) ? app.name : `${node.name}-${taskLabelOf(app)}`;
}

/**
 * What runs: the structure of the definition with each app replaced by the name of its child definition, without options and
 * labels; sequences are joined with `;`. A transition to a label `x` leads to the child `<task>-x`.
 */
export function executableText(node: TaskNode): string {
  return node.sequences.map((sequence) => executableFlow(node, sequence)).join(';');
}

function executableFlow(node: TaskNode, flow: FlowNode): string {
  const elements = flow.elements.map((element) => {
    if (element.kind === 'split') return `<${element.branches.map((branch) => executableFlow(node, branch)).join(' || ')}>`;
    return [childName(node, element), ...element.transitions.map((transition) => executableTransition(node, transition))].join(' ');
  });
  return elements.join(' && ');
}

function executableTransition(node: TaskNode, { code, bare, target }: TransitionNode): string {
  const to = target.kind === 'label' ? `:${target.label}` : childName(node, target.app);
  return `${codeText(code, bare)}->${to}`;
}
