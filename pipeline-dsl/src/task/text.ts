import { argumentsRecord } from '../lexing/arguments.ts';
import { quoteValue } from '../lexing/values.ts';
import { redactProperties } from '../redaction.ts';
import type { FlowNode, TaskAppNode, TaskNode, TransitionNode } from './ast.ts';
import { codeText } from './codes.ts';

/** How a definition is written. */
export interface TaskTextOptions {
  /** Whether secrets are written as `******` (default: no). */
  readonly redact?: boolean;
}

/**
 * The normalised text of a task: redundant parentheses and white space gone, codes in single quotes, sequences joined with `;`,
 * of a repeated option the last. Parsing it gives an equal definition (unless redacted).
 */
export function taskToText(node: TaskNode, options: TaskTextOptions = {}): string {
  return node.sequences.map((sequence) => flowText(sequence, options)).join(';');
}

function flowText(flow: FlowNode, options: TaskTextOptions): string {
  const elements = flow.elements.map((element) => {
    if (element.kind === 'app') return appNodeText(element, options);
    const label = element.label === undefined ? '' : `${element.label.name}: `;
    return `${label}<${element.branches.map((branch) => flowText(branch, options)).join(' || ')}>`;
  });
  return elements.join(' && ');
}

function appNodeText(app: TaskAppNode, options: TaskTextOptions): string {
  const head = appText(app.label?.name, app.name, argumentsRecord(app.args), options);
  return [head, ...app.transitions.map((transition) => transitionText(transition, options))].join(' ');
}

function transitionText({ code, bare, target }: TransitionNode, options: TaskTextOptions): string {
  return `${codeText(code, bare)}->${target.kind === 'label' ? `:${target.label}` : appNodeText(target.app, options)}`;
}

/** `label: name --option=value …` */
export function appText(
  label: string | undefined,
  name: string,
  properties: Readonly<Record<string, string>>,
  { redact }: TaskTextOptions = {},
): string {
  const shown = Object.entries(redact ? redactProperties(properties) : properties);
  const args = shown.map(([key, value]) => ` --${key}=${quoteValue(key, value)}`);
  return `${label === undefined ? '' : `${label}: `}${name}${args.join('')}`;
}
