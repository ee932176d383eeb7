import { ExpressionError } from './errors.ts';
import type { Span } from './errors.ts';
import type { Scope } from './scope.ts';
import { hasMethod } from './methods.ts';
import { isNumber, toNumber } from './numbers.ts';
import { decodeText, notJson, typeName } from './values.ts';

const textEncoder = new TextEncoder();

/**
 * Reads a property as the original's accessors do: keys of maps and JSON objects (missing: null), all-digit names of lists, and of text
 * the property of the JSON that it holds. Only own data is reached, never prototypes.
 */
export function readProperty(scope: Scope, target: unknown, name: string, text: string, span: Span): unknown {
  if (typeof target === 'object' && target !== null) return readObject(scope, target, name, text, span);
  if (typeof target === 'string') return readText(scope, target, name, text, span);
  if (target === null || target === undefined) throw new ExpressionError('NULL_TARGET', text, span, { name });
  throw missing(target, name, text, span);
}

/**
 * As {@link readProperty}, prepared for one name: fields of plain data, and of text that holds such, are read without further ado.
 * Names that every object inherits take the long way, which tells own data from inherited.
 */
export function propertyReader(name: string, text: string, span: Span): (scope: Scope, target: unknown) => unknown {
  if (name in Object.prototype) return (scope, target) => readProperty(scope, target, name, text, span);
  return (scope, target) => {
    const data = typeof target === 'string' ? scope.json(target, text, span) : target;
    const plain = typeof data === 'object' && data !== null && Object.getPrototypeOf(data) === Object.prototype;
    return plain ? ((data as Record<string, unknown>)[name] ?? null) : readProperty(scope, target, name, text, span);
  };
}

function readObject(scope: Scope, target: object, name: string, text: string, span: Span): unknown {
  if (Array.isArray(target)) return readArray(target, name, text, span);
  if (target instanceof Map) return target.get(name) ?? null;
  if (target instanceof Uint8Array)
    return name === 'length' ? target.length : readText(scope, decodeText(target), name, text, span);
  if (isNumber(target)) throw missing(target, name, text, span);
  return readOwn(target, name);
}

function readOwn(target: object, name: string): unknown {
  return Object.hasOwn(target, name) ? ((target as Record<string, unknown>)[name] ?? null) : null;
}

function readArray(target: readonly unknown[], name: string, text: string, span: Span): unknown {
  if (/^\d+$/.test(name)) return target[Number(name)] ?? null;
  if (name === 'length' || name === 'size') return target.length;
  if (name === 'empty') return target.length === 0;
  throw missing(target, name, text, span);
}

function readText(scope: Scope, target: string, name: string, text: string, span: Span): unknown {
  const parsed = scope.json(target, text, span);
  if (parsed === notJson) return readPlainText(target, name, text, span);
  if (typeof parsed !== 'object' || parsed === null) return null;
  if (Array.isArray(parsed)) return /^\d+$/.test(name) ? (parsed[Number(name)] ?? null) : null;
  return readOwn(parsed, name);
}

function readPlainText(target: string, name: string, text: string, span: Span): unknown {
  if (name === 'bytes') return textEncoder.encode(target);
  if (name === 'empty') return target === '';
  if (name === 'blank') return target.trim() === '';
  throw missing(target, name, text, span);
}

function missing(target: unknown, name: string, text: string, span: Span): ExpressionError {
  const hint = hasMethod(target, name)
    ? `; it is a method: write ${name}()`
    : typeof target === 'string'
      ? ', and the text is no JSON'
      : '';
  return new ExpressionError('NO_PROPERTY', text, span, { name, type: typeName(target), hint });
}

/** Reads `target[index]`: a list's element, a map's or object's key, a character of a text, a field of JSON text. */
export function readIndex(scope: Scope, target: unknown, index: unknown, text: string, span: Span): unknown {
  if (target === null || target === undefined) throw new ExpressionError('NULL_TARGET', text, span, { name: String(index) });
  if (target instanceof Map) return readMap(target, index);
  if (isNumber(index) && (typeof target === 'string' || Array.isArray(target) || target instanceof Uint8Array)) {
    const at = toNumber(index);
    if (at < 0 || at >= target.length || !Number.isInteger(at))
      throw new ExpressionError('BAD_INDEX', text, span, { index: at, type: `${typeName(target)} of ${target.length}` });
    return target[at] ?? null;
  }
  if (typeof index === 'string') return readProperty(scope, target, index, text, span);
  if (typeof target === 'object' && isNumber(index)) return readProperty(scope, target, String(toNumber(index)), text, span);
  throw new ExpressionError('BAD_INDEX', text, span, { index: typeName(index), type: typeName(target) });
}

function readMap(target: ReadonlyMap<unknown, unknown>, index: unknown): unknown {
  return (
    target.get(index) ?? (isNumber(index) ? (target.get(toNumber(index)) ?? target.get(String(toNumber(index))) ?? null) : null)
  );
}
