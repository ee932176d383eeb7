// Public names are listed here one by one.
export { dslCodes, DslError } from './errors.ts';
export type { DslCodeName, DslProblem } from './errors.ts';
export { formatDslError } from './text-form.ts';
export type { ArgumentNode, LabelNode } from './lexing/arguments.ts';
export { isDefinitionName } from './lexing/characters.ts';
export { isSecretName, redactProperties } from './redaction.ts';
export { parseStream } from './stream/parser.ts';
export type { StreamOptions } from './stream/parser.ts';
export type { DestinationNode, StreamAppNode, StreamNode } from './stream/ast.ts';
export { bindingKeys, defineStream, unnamedStream } from './stream/definition.ts';
export type { StreamApp, StreamAppType, StreamDefinition } from './stream/definition.ts';
export { streamToText } from './stream/text.ts';
export type { StreamTextOptions } from './stream/text.ts';
