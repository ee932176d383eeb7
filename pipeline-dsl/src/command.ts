import { messageOf, MillraceError } from '@millrace/core';
import { DslError, type DslProblem } from './errors.ts';
import { defineStream, type StreamDefinition } from './stream/definition.ts';
import { parseStream } from './stream/parser.ts';
import { streamToText } from './stream/text.ts';
import { childTasks, executableText, taskApps, type ChildTask, type TaskApp } from './task/definition.ts';
import { taskGraphToText } from './task/graph-text.ts';
import { taskToGraph, type TaskGraph } from './task/graph.ts';
import { parseTask } from './task/parser.ts';
import { taskToText } from './task/text.ts';

/** A definition to be parsed. `validate` and `appMode` (default: true) matter for tasks only. */
export interface ParseRequest {
  readonly kind: 'stream' | 'task';
  readonly name?: string;
  readonly dsl: string;
  readonly validate?: boolean;
  readonly appMode?: boolean;
}

/** A stream that parsed. */
export interface StreamParsed extends StreamDefinition {
  readonly ok: true;
  /** The text that stands for the stream. */
  readonly canonical: string;
  /** The same with secrets masked. */
  readonly redacted: string;
}

/** A task that parsed. */
export interface TaskParsed {
  readonly ok: true;
  readonly name: string;
  /** Whether it is more than one app without transitions. */
  readonly composed: boolean;
  /** The apps in the order of the text with label (the name where none was given) and options; `$END` and `$FAIL` are none. */
  readonly apps: readonly TaskApp[];
  /** The normalised definition. */
  readonly text: string;
  /** The definition with the names of its children put in. */
  readonly executable: string;
  /** One definition per app: its name, app, label, options and text. */
  readonly children: readonly ChildTask[];
  /** Nodes as `[id, name]`, links as `[from, to]` or `[from, to, transition]`. */
  readonly graph: {
    readonly nodes: readonly (readonly [string, string])[];
    readonly links: readonly (readonly [string, string] | readonly [string, string, string])[];
  };
  /** The graph turned back into text; absent where a transition leads into a split of another sequence. */
  readonly graphText?: string;
}

/** Why a request was refused. `code` and `position` are 0 for requests that hold no definition. */
export interface ParseFailed {
  readonly ok: false;
  /** The code name, `INVALID_REQUEST`, `graphTooLarge`, or `INTERNAL` for a defect of this package. */
  readonly error: string;
  readonly code: number;
  /** 0-based character offset in the definition, or in the name if that is at fault. */
  readonly position: number;
  readonly message: string;
  /** Every broken rule of a task that parses. */
  readonly problems?: readonly {
    readonly error: string;
    readonly code: number;
    readonly position: number;
    readonly message: string;
  }[];
}

/** The answer to a {@link ParseRequest}. */
export type ParseResponse = StreamParsed | TaskParsed | ParseFailed;

/**
 * Answers one parse request: `{kind: 'stream' | 'task', dsl, name?, validate?, appMode?}`. It never throws: what is not a request
 * gets `ok: false` with error `INVALID_REQUEST`. A stream without any name is called `s`, a task `t`.
 */
export function parseCommand(request: unknown): ParseResponse {
  const fault = requestFault(request);
  if (fault !== undefined) return invalid(fault);
  const { kind, dsl, name, validate, appMode } = request as ParseRequest;
  try {
    if (kind === 'stream') return streamParsed(defineStream(parseStream(dsl, name === undefined ? {} : { name })));
    return taskParsed({ dsl, ...(name === undefined ? {} : { name }), validate: validate ?? true, appMode: appMode ?? true });
  } catch (error) {
    return failed(error);
  }
}

/** Answers a request that is a line of JSON, as {@link parseCommand} does; `defaults` are the fields of a
 * {@link ParseRequest} that it may lack. */
export function parseLine(line: string, defaults: Readonly<Record<string, unknown>> = {}): ParseResponse {
  let request: unknown;
  try {
    request = JSON.parse(line);
  } catch {
    return invalid(`the line is not JSON; write {"kind":"stream","dsl":"…"}`);
  }
  const isObject = typeof request === 'object' && request !== null && !Array.isArray(request);
  return parseCommand(isObject ? { ...defaults, ...(request as object) } : request);
}

function requestFault(request: unknown): string | undefined {
  if (typeof request !== 'object' || request === null || Array.isArray(request)) return 'a request is an object with kind and dsl';
  const { kind, dsl, name, validate, appMode } = request as Record<string, unknown>;
  if (kind !== 'stream' && kind !== 'task') return `'kind' must be "stream" or "task"`;
  if (typeof dsl !== 'string') return `'dsl' must be a string: the definition`;
  if (name !== undefined && typeof name !== 'string') return `'name' must be a string, if it is given`;
  const flags = { validate, appMode };
  const wrong = Object.entries(flags).find(([, value]) => value !== undefined && typeof value !== 'boolean');
  return wrong === undefined ? undefined : `'${wrong[0]}' must be true or false, if it is given`;
}

function invalid(message: string): ParseFailed {
  return { ok: false, error: 'INVALID_REQUEST', code: 0, position: 0, message };
}

function streamParsed(definition: StreamDefinition): StreamParsed {
  const { name, apps, source, group, sink } = definition;
  return {
    ok: true,
    name,
    apps,
    ...(source === undefined ? {} : { source }),
    ...(group === undefined ? {} : { group }),
    ...(sink === undefined ? {} : { sink }),
    canonical: streamToText(definition),
    redacted: streamToText(definition, { redact: true }),
  };
}

function taskParsed({
  dsl,
  ...options
}: {
  readonly dsl: string;
  readonly validate: boolean;
  readonly appMode: boolean;
}): TaskParsed {
  const node = parseTask(dsl, options);
  const graph = taskToGraph(node);
  const graphText = writtenGraph(graph);
  return {
    ok: true,
    name: node.name,
    composed: node.composed,
    apps: taskApps(node),
    text: taskToText(node),
    executable: executableText(node),
    children: childTasks(node),
    graph: { nodes: graph.nodes.map(({ id, name }) => [id, name] as const), links: graph.links.map(linkTuple) },
    ...(graphText === undefined ? {} : { graphText }),
  };
}

function linkTuple({ from, to, properties }: TaskGraph['links'][number]): TaskParsed['graph']['links'][number] {
  const code = properties?.transitionName;
  return typeof code === 'string' ? [from, to, code] : [from, to];
}

// The definition is fine then; only its graph says less than the text did.
function writtenGraph(graph: TaskGraph): string | undefined {
  try {
    return taskGraphToText(graph);
  } catch (error) {
    if (error instanceof MillraceError && error.reason === 'graphMalformed') return undefined;
    throw error;
  }
}

function failed(error: unknown): ParseFailed {
  if (!(error instanceof DslError)) {
    const reason = error instanceof MillraceError ? error.reason : 'INTERNAL';
    return { ok: false, error: reason, code: 0, position: 0, message: messageOf(error) };
  }
  const { codeName, dslCode, position, problems, message } = error;
  const listed = problems.length === 0 ? {} : { problems: problems.map(problemEntry) };
  return { ok: false, error: codeName, code: dslCode, position, message, ...listed };
}

function problemEntry({ codeName, dslCode, position, message }: DslProblem) {
  return { error: codeName, code: dslCode, position, message };
}
