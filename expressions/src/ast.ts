import type { Span } from './errors.ts';

/** A node of an expression's tree. Frozen; `start` and `end` are its place in the text. */
export type Node = Readonly<
  Span &
    (
      | { kind: 'literal'; value: unknown }
      | { kind: 'list'; items: readonly Node[] }
      | { kind: 'map'; entries: readonly (readonly [Node, Node])[] }
      | { kind: 'root' | 'this' }
      | { kind: 'variable'; name: string }
      | { kind: 'property'; target: Node | undefined; name: string; safe: boolean }
      | { kind: 'index'; target: Node; index: Node; safe: boolean }
      // `at`: the place of its name.
      | { kind: 'method'; target: Node | undefined; name: string; args: readonly Node[]; safe: boolean; at: Span }
      | { kind: 'function'; name: string; args: readonly Node[] }
      | { kind: 'static'; type: string; name: string; args: readonly Node[] | undefined }
      | { kind: 'newString'; args: readonly Node[] }
      | { kind: 'collection'; operation: 'select' | 'first' | 'last' | 'project'; target: Node; body: Node; safe: boolean }
      | { kind: 'unary'; operator: '-' | '+' | 'not'; operand: Node }
      | { kind: 'binary'; operator: BinaryOperator; left: Node; right: Node }
      | { kind: 'instanceof'; operand: Node; type: string }
      | { kind: 'ternary'; test: Node; consequent: Node; otherwise: Node }
      | { kind: 'elvis'; value: Node; otherwise: Node }
    )
>;

/** Operators between two operands, under the names that they have in the tree. */
export type BinaryOperator =
  | 'and'
  | 'or'
  | '=='
  | '!='
  | '<'
  | '>'
  | '<='
  | '>='
  | 'matches'
  | 'between'
  | '+'
  | '-'
  | '*'
  | '/'
  | '%'
  | '^';
