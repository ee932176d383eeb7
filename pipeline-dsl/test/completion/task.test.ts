import { expect, it } from 'vitest';
import { completeTask } from '@millrace/pipeline-dsl';
import { catalogue } from './catalogue.ts';

it.each([
  ['', ['basic', 'plum']],
  ['b', ['basic']],
  ['basic', ['basic --foo.bar=', 'basic --foo.baz=']],
  ['basic --foo.bar=1 ', ['basic --foo.bar=1 --foo.baz=']],
  ['basic --foo.baz', ['basic --foo.baz=']],
  ['basic && ', ['basic && basic2: basic', 'basic && plum']],
  ['<basic || p', ['<basic || plum']],
  ['x: p', ['x: plum']],
  ['basic 1->', ['basic 1->basic2: basic', 'basic 1->plum', 'basic 1->$END', 'basic 1->$FAIL']],
  ['basic 1->$F', ['basic 1->$FAIL']],
  ['basic 1->:', []],
  ['x: plum && basic 1->:', ['x: plum && basic 1->:x']],
  ['<basic>', []],
  ['plum é', []],
])('%j', (text, expected) => {
  expect(completeTask(text, text.length, catalogue).map((proposal) => proposal.text)).toEqual(expected);
});

it('knows labels that come later', () => {
  const text = 'basic 1->: && plum;fix: plum';
  expect(completeTask(text, 10, catalogue)).toEqual([
    { text: 'basic 1->:fix && plum;fix: plum', insert: 'fix', from: 10, to: 10, kind: 'label' },
  ]);
});
