import { dslError } from '../errors.ts';
import { code, isWordCharacter } from '../lexing/characters.ts';
import type { Dialect } from '../lexing/lexer.ts';

/** How task definitions are lexed. `symbolAt` throws codes 108, 114, 150, 151 and 162. */
export const taskDialect: Dialect = {
  arrows: true,
  lines: false,
  startsIdentifier: (character) => isWordCharacter(character) || character === code.dollar,
  symbolAt(text, position) {
    const character = text[position]!;
    const next = text[position + 1];
    switch (character) {
      case '-':
        if (next === '-') return '--';
        if (next === '>') return '->';
        throw dslError('MISSING_CHARACTER', { text, position });
      case '&':
        if (next === '&') return '&&';
        throw dslError('TASK_DOUBLE_AND_REQUIRED', { text, position });
      case '|':
        if (next === '|') return '||';
        throw dslError('TASK_DOUBLE_OR_REQUIRED', { text, position });
      case '.':
      case '<':
      case '>':
      case '(':
      case ')':
      case ':':
      case '=':
      case '*':
      case ';':
        return character;
      case '\\':
        throw dslError('UNEXPECTED_ESCAPE_CHAR', { text, position });
      default:
        throw dslError('TASK_UNEXPECTED_DATA', { text, position }, { found: character });
    }
  },
};
