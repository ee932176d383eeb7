import { dslError } from '../errors.ts';
import { readArguments, type ArgumentNode, type LabelNode } from '../lexing/arguments.ts';
import { isDefinitionName } from '../lexing/characters.ts';
import { lex, type Token, type TokenKind } from '../lexing/lexer.ts';
import { TokenReader } from '../lexing/reader.ts';
import { unquote } from '../lexing/values.ts';
import type { FlowNode, SplitNode, TaskAppNode, TaskNode, TransitionNode, TransitionTarget } from './ast.ts';
import { isExitCode } from './codes.ts';
import { taskDialect } from './dialect.ts';
import { validateTask } from './validation.ts';

/** What is known about a task beside its text. */
export interface TaskOptions {
  /** Its name; child tasks are named after it. */
  readonly name?: string;
  /** Whether the rules on labels and names are checked too (default: yes). */
  readonly validate?: boolean;
  /** Whether names stand for apps, which take options, and not for task definitions (default: yes). */
  readonly appMode?: boolean;
}

/** The name of a task that was given none. */
export const unnamedTask = 't';

const codeKinds: ReadonlySet<TokenKind> = new Set(['identifier', 'string', '*']);

/** How deep splits and parentheses may be nested. */
const depthLimit = 500;

interface TaskReading {
  readonly reader: TokenReader;
  readonly appMode: boolean;
}

/**
 * Parses a task or composed task definition: flows, splits, transitions, labels, options, several sequences.
 * Accepts what Spring Cloud Data Flow accepts; `$END` and `$FAIL` may also occur repeatedly.
 * Throws a `DslError` with SCDF's code and position; for a text that parses but breaks rules it carries all `problems`.
 */
export function parseTask(text: string, options: TaskOptions = {}): TaskNode {
  const { name = unnamedTask, validate = true, appMode = true } = options;
  const reader = new TokenReader(text, lex(text, taskDialect));
  const sequences = Object.freeze(readSequences({ reader, appMode }));
  if (!isDefinitionName(name)) throw dslError('ILLEGAL_TASK_NAME', { text: name, position: 0 }, { found: name });
  const rest = reader.peek();
  if (rest !== undefined) throw reader.failAt('TASK_MORE_INPUT', rest);
  const node: TaskNode = Object.freeze({ text, name, sequences, composed: isComposed(sequences) });
  if (validate) validateTask(node);
  return node;
}

function isComposed([first, ...others]: readonly FlowNode[]): boolean {
  const [element, ...more] = first!.elements;
  return others.length > 0 || more.length > 0 || element!.kind === 'split' || element!.transitions.length > 0;
}

function readSequences(reading: TaskReading): FlowNode[] {
  const { reader } = reading;
  const sequences = [readFlow(reading, 0)];
  while (reader.peek() !== undefined && (startsLine(reader) || reader.skip(';'))) sequences.push(readFlow(reading, 0));
  return sequences;
}

function startsLine(reader: TokenReader): boolean {
  const gap = reader.text.slice(reader.peek(-1)!.end, reader.peek()!.start);
  return gap.includes('\n');
}

// Reads a flow, or a group in parentheses, which ends with its parenthesis: `(a && b) && c` is not a flow.
function readFlow(reading: TaskReading, depth: number): FlowNode {
  const { reader } = reading;
  const group = readGroup(reading, depth);
  if (group !== undefined) return group;
  const elements = [readElement(reading, depth)];
  while (reader.skip('&&')) {
    const inner = readGroup(reading, depth);
    if (inner === undefined) elements.push(readElement(reading, depth));
    else inner.elements.forEach((element) => elements.push(element));
  }
  const { start } = elements[0]!;
  return Object.freeze({ kind: 'flow', elements: Object.freeze(elements), start, end: elements.at(-1)!.end });
}

function readGroup(reading: TaskReading, depth: number): FlowNode | undefined {
  const { reader } = reading;
  if (!reader.at('(')) return undefined;
  checkDepth(reader, depth);
  reader.position++;
  const flow = readFlow(reading, depth + 1);
  reader.expect(')', "')'");
  return flow;
}

function checkDepth(reader: TokenReader, depth: number): void {
  if (depth >= depthLimit) throw reader.failAt('NESTED_TOO_DEEPLY', reader.peek()!, { limit: depthLimit });
}

function readElement(reading: TaskReading, depth: number): TaskAppNode | SplitNode {
  const { reader } = reading;
  const label = readLabel(reader);
  if (label !== undefined) {
    if (reader.at('(')) throw reader.failAt('TASK_NO_LABELS_ON_PARENS', reader.peek()!);
    const second = reader.peek();
    if (readLabel(reader) !== undefined) throw reader.failAt('NO_DOUBLE_LABELS', second!);
  }
  return reader.at('<') ? readSplit(reading, label, depth) : readApp(reading, label, true);
}

function readLabel(reader: TokenReader): LabelNode | undefined {
  if (!reader.at('identifier') || reader.peek(1)?.kind !== ':') return undefined;
  const { text, start, end } = reader.peek()!;
  reader.position += 2;
  return Object.freeze({ name: text, start, end });
}

function readSplit(reading: TaskReading, label: LabelNode | undefined, depth: number): SplitNode {
  const { reader } = reading;
  checkDepth(reader, depth);
  const { start } = reader.next("'<'");
  const branches = [readFlow(reading, depth + 1)];
  while (reader.skip('||')) branches.push(readFlow(reading, depth + 1));
  const { end } = reader.expect('>', "'>' or '||'");
  return Object.freeze({ kind: 'split', ...(label && { label }), branches: Object.freeze(branches), start, end });
}

// The target of a transition has no transitions of its own.
function readApp(reading: TaskReading, label: LabelNode | undefined, withTransitions: boolean): TaskAppNode {
  const { reader } = reading;
  const name = reader.next('an app name');
  if (name.kind !== 'identifier') throw reader.failAt('EXPECTED_APPNAME', name);
  reader.checkpoint();
  const args = readTaskArguments(reading);
  const transitions = Object.freeze(withTransitions ? readTransitions(reading) : []);
  const end = (transitions.at(-1) ?? args.at(-1) ?? name).end;
  return Object.freeze({ kind: 'app', name: name.text, ...(label && { label }), args, transitions, start: name.start, end });
}

function readTaskArguments({ reader, appMode }: TaskReading): readonly ArgumentNode[] {
  if (!appMode && reader.at('--')) {
    throw reader.failAt('TASK_ARGUMENTS_NOT_ALLOWED_UNLESS_IN_APP_MODE', reader.peek()!);
  }
  return readArguments(reader);
}

/** Reads the `code->target` that follow an app. Throws codes 111, 112, 154 and 157. */
function readTransitions(reading: TaskReading): TransitionNode[] {
  const { reader } = reading;
  const transitions: TransitionNode[] = [];
  for (;;) {
    const first = reader.peek();
    if (first?.kind === '->') throw reader.failAt('TASK_ARROW_SHOULD_BE_PRECEDED_BY_CODE', first);
    if (first === undefined || reader.peek(1)?.kind !== '->' || !codeKinds.has(first.kind)) return transitions;
    transitions.push(readTransition(reading, first));
  }
}

function readTransition(reading: TaskReading, first: Token): TransitionNode {
  const { reader } = reading;
  reader.position += 2;
  const target = readTarget(reading);
  if (first.kind === 'identifier' && !isExitCode(first.text)) {
    throw reader.failAt('TASK_UNQUOTED_TRANSITION_CHECK_MUST_BE_NUMBER', first);
  }
  const quoted = first.kind === 'string';
  const { end } = reader.peek(-1)!;
  return Object.freeze({ code: quoted ? unquote(first.text) : first.text, bare: !quoted, target, start: first.start, end });
}

function readTarget(reading: TaskReading): TransitionTarget {
  const { reader } = reading;
  if (reader.skip(':')) return Object.freeze({ kind: 'label', label: reader.expect('identifier', 'a label').text });
  return Object.freeze({ kind: 'app', app: readApp(reading, readLabel(reader), false) });
}
