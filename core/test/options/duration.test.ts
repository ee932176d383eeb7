import { assert, nat, property } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatDuration, parseDuration } from '../../src/index.ts';

describe('parseDuration', () => {
  it.each([
    ['1s', 1000],
    ['500ms', 500],
    ['250', 250],
    [250, 250],
    ['2h', 7_200_000],
    ['1d', 86_400_000],
    ['1.5s', 1500],
    ['PT1S', 1000],
    ['pt1m30.5s', 90_500],
    ['P1DT2H', 93_600_000],
    ['-PT1S', -1000],
    [' 1s ', 1000],
  ])('reads %s as %d ms', (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });

  it.each(['', 'P', 'PT', 'P1DT', '1x', 'soon', Number.NaN])('refuses %s', (text) => {
    expect(parseDuration(text)).toBeUndefined();
  });

  it('reads back what formatDuration writes', () => {
    assert(property(nat(), (ms) => parseDuration(formatDuration(ms)) === ms));
  });
});
