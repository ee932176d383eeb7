import { expect, it } from 'vitest';
import { environmentName, kebabName, relaxedName } from '../../src/index.ts';

it('relaxedName equates the spellings of a name, part by part', () => {
  const spellings = [
    'a.partitionKeyExpression',
    'A.partition-key-expression',
    'a.PARTITION_KEY_EXPRESSION',
    'a.PARTITIONKEYEXPRESSION',
  ];
  expect(new Set(spellings.map(relaxedName))).toEqual(new Set(['a.partitionkeyexpression']));
  expect(relaxedName('ab.c')).not.toBe(relaxedName('a.bc'));
});

it('environmentName equates a property and its variable, with or without its dashes', () => {
  const property = environmentName('filter.function.delay-when-empty');
  expect(environmentName('FILTER_FUNCTION_DELAY_WHEN_EMPTY')).toBe(property);
  expect(environmentName('FILTER_FUNCTION_DELAYWHENEMPTY')).toBe(property);
});

it('kebabName splits words', () => {
  expect(kebabName('spring.partitionKeyExpression')).toBe('spring.partition-key-expression');
});
