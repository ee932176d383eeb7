import { expect, it } from 'vitest';
import { parseProperties } from '../../../src/runtime/config/properties-file.ts';

it('reads what Java writes', () => {
  const text = [
    '# comment',
    '! comment',
    'plain=value',
    'colon: value',
    'blank value',
    '  indented = value ',
    'continued = one, \\',
    '    two',
    'escaped\\ key = a\\tb\\u0041\\\\',
    'empty',
    'equals = a=b:c',
    'plain=later wins',
    '__proto__ = x',
  ].join('\r\n');
  expect({ ...parseProperties(text) }).toEqual(
    Object.fromEntries([
      ['plain', 'later wins'],
      ['colon', 'value'],
      ['blank', 'value'],
      ['indented', 'value '],
      ['continued', 'one, two'],
      ['escaped key', 'a\tbA\\'],
      ['empty', ''],
      ['equals', 'a=b:c'],
      ['__proto__', 'x'],
    ]),
  );
});
