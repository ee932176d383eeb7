import { dslError } from '../errors.ts';
import { isWordCharacter } from '../lexing/characters.ts';
import type { Dialect } from '../lexing/lexer.ts';

/** How stream definitions are lexed. `symbolAt` throws codes 108, 114 and 115. */
export const streamDialect: Dialect = {
  arrows: false,
  lines: true,
  startsIdentifier: isWordCharacter,
  symbolAt(text, position) {
    const character = text[position]!;
    switch (character) {
      case '-':
        if (text[position + 1] === '-') return '--';
        throw dslError('MISSING_CHARACTER', { text, position });
      case '|':
        return text[position + 1] === '|' ? '||' : '|';
      case '=':
      case '&':
      case '.':
      case '<':
      case '>':
      case ':':
      case '/':
      case '#':
      case '*':
      case ';':
      case '@':
      case '\n':
        return character;
      case '\\':
        throw dslError('UNEXPECTED_ESCAPE_CHAR', { text, position });
      default:
        throw dslError('UNEXPECTED_DATA', { text, position }, { found: character });
    }
  },
};
