import { errorTable, MillraceError } from '@millrace/core';

const row = <const Text extends string>(dsl: number, message: Text) => ({ dsl, code: 'INVALID_ARGUMENT', message }) as const;

/**
 * Every way in which a definition can be refused. Names and numbers (`dsl`) are those of Spring Cloud Data Flow, so that tools
 * which know its codes keep working; numbers from 190 on are ours.
 */
const table = {
  UNEXPECTED_DATA_AFTER_STREAMDEF: row(
    100,
    "found '{found}' after the end of the stream definition; expected '|', '||', '>' or nothing",
  ),
  NO_WHITESPACE_BEFORE_ARG_NAME: row(101, "found white space between '--' and the option name '{found}'; write '--{found}'"),
  NO_WHITESPACE_BEFORE_ARG_EQUALS: row(102, "found white space between the option name and '='; write '--name=value'"),
  NO_WHITESPACE_BEFORE_ARG_VALUE: row(103, "found white space between '=' and the option value; write '--name=value'"),
  EXPECTED_ARGUMENT_VALUE: row(105, "found '{found}' where an option value was expected; quote the value if it contains '{found}'"),
  NON_TERMINATING_DOUBLE_QUOTED_STRING: row(106, 'a text that starts with " never ends; add the closing "'),
  NON_TERMINATING_QUOTED_STRING: row(107, "a text that starts with ' never ends; add the closing '"),
  MISSING_CHARACTER: row(108, "found a single '-'; options start with '--'"),
  NOT_EXPECTED_TOKEN: row(111, "found '{found}' where {expected} was expected"),
  OOD: row(112, 'the definition ends too early; expected {expected}'),
  UNEXPECTED_ESCAPE_CHAR: row(114, 'found a backslash outside an option value; nothing needs escaping there'),
  UNEXPECTED_DATA: row(115, "the character '{found}' is not allowed in a stream definition outside an option value"),
  EXPECTED_APPNAME: row(118, "found '{found}' where an app name was expected"),
  EXPECTED_WHITESPACE_AFTER_APP_BEFORE_ARGUMENT: row(119, "found '--' right after a name; put a space before '--'"),
  ILLEGAL_STREAM_NAME: row(122, "'{found}' is not a stream name; expected a letter or '_', then letters, digits, '_' or '-'"),
  ILLEGAL_TASK_NAME: row(123, "'{found}' is not a task name; expected a letter or '_', then letters, digits, '_' or '-'"),
  EXPECTED_DESTINATION_PREFIX: row(133, "found '{found}' after '>'; expected a destination, which starts with ':'"),
  NO_WHITESPACE_IN_DESTINATION_DEFINITION: row(
    139,
    'found a dot with nothing or white space beside it in a destination name; write the name in one piece',
  ),
  DUPLICATE_LABEL: row(
    143,
    "the label '{found}' is used by app {first} and by app {second} of the stream; give one of them another label",
  ),
  NO_WHITESPACE_IN_DOTTED_NAME: row(145, 'found white space beside a dot in an option name; write the name in one piece'),
  EXPECTED_WHITESPACE_AFTER_LABEL_COLON: row(147, "found '{found}' right after the colon of a label; put a space after the colon"),
  EXPECTED_STREAM_NAME_AFTER_LABEL_COLON: row(148, "found only ':'; expected a destination name after it"),
  TASK_DOUBLE_AND_REQUIRED: row(150, "found a single '&'; the steps of a flow are joined with '&&'"),
  TASK_DOUBLE_OR_REQUIRED: row(151, "found a single '|'; the branches of a split are separated with '||'"),
  TASK_UNQUOTED_TRANSITION_CHECK_MUST_BE_NUMBER: row(
    154,
    "the transition code '{found}' is neither a number nor '*'; put an exit status in single quotes",
  ),
  TASK_NO_LABELS_ON_PARENS: row(155, 'found a label before a parenthesis; label the first app inside instead'),
  NO_DOUBLE_LABELS: row(156, "found a second label '{found}'; an app has one label at most"),
  TASK_ARROW_SHOULD_BE_PRECEDED_BY_CODE: row(
    157,
    "found '->' without a code before it; write an exit code, a quoted exit status or '*' there",
  ),
  TASK_VALIDATION_SECONDARY_SEQUENCES_MUST_BE_NAMED: row(
    158,
    'the second and later sequences must start with a label, or nothing can reach them',
  ),
  TASK_VALIDATION_DUPLICATE_LABEL: row(159, "the label '{found}' is defined twice; choose another label"),
  TASK_VALIDATION_TRANSITION_TARGET_LABEL_UNDEFINED: row(160, "a transition goes to the label '{found}', which is not defined"),
  TASK_UNEXPECTED_DATA: row(162, "the character '{found}' is not allowed in a task definition outside an option value"),
  TASK_MORE_INPUT: row(163, "found '{found}' after the end of the task definition; expected '&&', ';' or nothing"),
  TASK_VALIDATION_LABEL_CLASHES_WITH_TASKAPP_NAME: row(
    164,
    "the label '{found}' is also the name of an app without label; choose another label",
  ),
  TASK_VALIDATION_APP_NAME_CLASHES_WITH_LABEL: row(165, "the app name '{found}' is also a label; give the app a label of its own"),
  TASK_VALIDATION_APP_NAME_ALREADY_IN_USE: row(166, "the app '{found}' occurs twice; give one of them a label"),
  TASK_ARGUMENTS_NOT_ALLOWED_UNLESS_IN_APP_MODE: row(
    168,
    "found '--'; names in this definition stand for task definitions, which take no options here",
  ),
  DONT_MIX_PIPE_AND_DOUBLEPIPE: row(169, "found '{found}'; a definition uses either '|' or '||', not both"),
  DONT_USE_DOUBLEPIPE_WITH_CHANNELS: row(170, "found '||' in a definition with a destination; join the apps with '|'"),
  UNEXPECTED_DATA_IN_DESTINATION_NAME: row(171, "found '{found}' where a part of a destination name was expected"),
  NESTED_TOO_DEEPLY: row(190, 'splits and parentheses are nested more than {limit} deep; move inner parts to labelled sequences'),
} as const;

const fillTemplate = errorTable(table);

/** The name of one of the ways in which a definition can be refused. */
export type DslCodeName = keyof typeof table;

/** The number that goes with each code name. */
export const dslCodes: Readonly<Record<DslCodeName, number>> = Object.freeze(
  Object.fromEntries(Object.entries(table).map(([name, { dsl }]) => [name, dsl])) as Record<DslCodeName, number>,
);

/** One fault found by the validation of a task definition. `position` is a 0-based character offset in the text. */
export interface DslProblem {
  readonly dslCode: number;
  readonly codeName: DslCodeName;
  readonly position: number;
  readonly message: string;
}

/** Where and why a text was refused. */
export interface DslErrorSite {
  /** The text that `position` counts in: the definition, or the name when the name is at fault. */
  readonly text: string;
  readonly position: number;
  /** End of the last complete part before the fault, when the parser (not the lexer) raised the error; 0 if there is none. */
  readonly checkpoint?: number;
}

/** What fills a message: `found` and `expected` are also kept as details. */
export interface DslErrorFacts {
  readonly found?: string;
  readonly expected?: string;
  readonly first?: number;
  readonly second?: number;
  readonly limit?: number;
}

/**
 * A definition that cannot be accepted. `code` is always `INVALID_ARGUMENT`; `dslCode` and `codeName` say which rule was broken,
 * `position` where (0-based characters, within 0 and the length of the text).
 */
export class DslError extends MillraceError {
  readonly dslCode: number;
  readonly codeName: DslCodeName;
  readonly position: number;
  /** For task definitions that parse but break a rule: every broken rule, in the order of the text. Else empty. */
  readonly problems: readonly DslProblem[];
  // Private so that neither logs nor JSON repeat a definition, which may hold secrets.
  readonly #site: DslErrorSite;

  constructor(codeName: DslCodeName, site: DslErrorSite, message: string, facts: DslErrorFacts, problems: readonly DslProblem[]) {
    const { found, expected } = facts;
    super(message, {
      code: 'INVALID_ARGUMENT',
      reason: codeName,
      details: {
        dslCode: table[codeName].dsl,
        position: site.position,
        ...(found === undefined ? {} : { found }),
        ...(expected === undefined ? {} : { expected }),
      },
    });
    this.codeName = codeName;
    this.dslCode = table[codeName].dsl;
    this.position = site.position;
    this.problems = problems;
    this.#site = site;
  }

  /** The text that `position` counts in, and the end of what had been understood. */
  get site(): DslErrorSite {
    return this.#site;
  }
}

/** The wording of an error, without code and position. */
export function dslMessage(codeName: DslCodeName, facts: DslErrorFacts = {}): string {
  return fillTemplate(codeName, facts as never).message;
}

/** Makes the error for a definition that breaks one rule. */
export function dslError(codeName: DslCodeName, site: DslErrorSite, facts: DslErrorFacts = {}): DslError {
  return new DslError(codeName, site, dslMessage(codeName, facts), facts, []);
}

/** Makes the error for a task definition that parses but breaks rules; the first problem gives code and position. */
export function validationError(text: string, problems: readonly [DslProblem, ...DslProblem[]]): DslError {
  const first = problems[0];
  const message = problems.map((problem) => `${problem.dslCode}E:(pos ${problem.position}): ${problem.message}`).join('; ');
  return new DslError(first.codeName, { text, position: first.position }, message, {}, problems);
}

/** Failures of calls that are not about a definition text. */
export const raise = errorTable({
  graphMalformed: { code: 'INVALID_ARGUMENT', message: 'the graph cannot be written as a definition: {problem}; {hint}' },
  graphTooLarge: {
    code: 'RESOURCE_EXHAUSTED',
    message: "the graph of task '{name}' has more than {limit} nodes; let fewer flows share its sequences",
  },
  valueNotWritable: {
    code: 'INVALID_ARGUMENT',
    message: "the value of '{name}' contains a NUL character, which a definition cannot hold; remove it",
  },
  propertiesMalformed: {
    code: 'INVALID_ARGUMENT',
    message: "'{found}' is not a deployment property; properties look like '{expected}'",
  },
});
