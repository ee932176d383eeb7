import { dslError, type DslCodeName, type DslError, type DslErrorFacts } from '../errors.ts';
import type { Token, TokenKind } from './lexer.ts';

/** Walks over the tokens of one definition and raises errors at them. */
export class TokenReader {
  readonly text: string;
  readonly tokens: readonly Token[];
  position = 0;
  #checkpoint = 0;

  constructor(text: string, tokens: readonly Token[]) {
    this.text = text;
    this.tokens = tokens;
  }

  /** The token `ahead` of the current one, if there is one. */
  peek(ahead = 0): Token | undefined {
    return this.tokens[this.position + ahead];
  }

  /** Whether the current token is of this kind. */
  at(kind: TokenKind): boolean {
    return this.tokens[this.position]?.kind === kind;
  }

  /** Whether the current token follows the one before it without a gap. */
  get adjacent(): boolean {
    const next = this.tokens[this.position];
    return next !== undefined && next.start === this.tokens[this.position - 1]?.end;
  }

  /** The current token, which is consumed. Throws code 112 at the end. */
  next(expected: string): Token {
    const token = this.tokens[this.position];
    if (token === undefined) throw this.fail('OOD', this.text.length, { expected });
    this.position++;
    return token;
  }

  /** As `next`, but the token must be of this kind; else code 111. */
  expect(kind: TokenKind, expected: string): Token {
    const token = this.next(expected);
    if (token.kind !== kind) throw this.failAt('NOT_EXPECTED_TOKEN', token, { expected });
    return token;
  }

  /** Consumes the current token if it is of this kind. */
  skip(kind: TokenKind): boolean {
    if (!this.at(kind)) return false;
    this.position++;
    return true;
  }

  /** Notes that everything consumed so far is a complete part of the definition. */
  checkpoint(): void {
    this.#checkpoint = this.tokens[this.position - 1]!.end;
  }

  /** An error at a position of the text. */
  fail(codeName: DslCodeName, position: number, facts?: DslErrorFacts): DslError {
    return dslError(codeName, { text: this.text, position, checkpoint: this.#checkpoint }, facts);
  }

  /** An error at a token. */
  failAt(codeName: DslCodeName, token: Token, facts?: DslErrorFacts): DslError {
    return this.fail(codeName, token.start, { found: printable(token), ...facts });
  }
}

const longest = 40;

/** The token as messages show it: one line, not too long. */
function printable(token: Token): string {
  const line = token.text.replaceAll('\n', '\\n');
  return line.length > longest ? `${line.slice(0, longest)}…` : line;
}
