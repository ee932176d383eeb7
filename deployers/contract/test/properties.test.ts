import { defineOptions, option } from '@millrace/core';
import { describe, expect, it } from 'vitest';
import { parseSize, readProperties } from '../src/index.ts';

const prefix = 'spring.cloud.deployer.';
const platform = {
  platform: 'here',
  options: defineOptions({
    shutdownTimeout: option.int(`${prefix}here.shutdown-timeout`, { doc: 'Seconds.', default: 30 }),
    homes: option.map(`${prefix}here.homes`, { doc: 'By name.', default: {} }),
  }),
  meaningless: [`${prefix}disk`, `${prefix}here.docker`],
};

const read = (given: Record<string, string>, defaults?: Record<string, string>) => readProperties(platform, given, defaults);

describe('deployment properties', () => {
  it('have defaults', () => {
    const { common, own, ignored } = read({});
    expect(common).toMatchObject({ count: 1, group: '', indexed: false, memory: undefined });
    expect([own, ignored]).toEqual([{ shutdownTimeout: 30, homes: {} }, []]);
  });

  it('are read in any spelling, with short names of a map', () => {
    const { common, own } = read({
      [`${prefix}COUNT`]: '3',
      [`${prefix}appName`]: 'log',
      [`${prefix}here.shutdownTimeout`]: '5',
      [`${prefix}here.homes.3`]: '/opt/java',
    });
    expect(common).toMatchObject({ count: 3, appName: 'log' });
    expect(own).toEqual({ shutdownTimeout: 5, homes: { 3: '/opt/java' } });
  });

  it('of a request win over those of the platform, however both are written', () => {
    const defaults = { [`${prefix}here.shutdown-timeout`]: '7', [`${prefix}memory`]: '1g' };
    const { common, own } = read({ [`${prefix}here.shutdownTimeout`]: '9' }, defaults);
    expect([common.memory, own.shutdownTimeout]).toEqual(['1g', 9]);
  });

  it('of other platforms, without meaning or of nobody here are ignored and named', () => {
    const given = {
      [`${prefix}elsewhere.cpu`]: '1',
      [`${prefix}disk`]: '1g',
      [`${prefix}here.docker.network`]: 'x',
      'management.port': '1',
    };
    expect(read(given).ignored).toEqual(Object.keys(given));
  });

  it.each([`${prefix}cuont`, `${prefix}here.shutdown-timout`, `${prefix}here.nothing`])(
    'that do not exist are refused: %s',
    (name) => {
      const error = expect.objectContaining({
        reason: 'PROPERTY_UNKNOWN',
        code: 'INVALID_ARGUMENT',
        message: expect.stringContaining(name),
      });
      expect(() => read({ [name]: '1' })).toThrow(error);
    },
  );

  it('that are misspelt are refused with what may be meant', () => {
    expect(() => read({ [`${prefix}here.shutdown-timout`]: '1' })).toThrow(
      /did you mean 'spring\.cloud\.deployer\.here\.shutdown-timeout'/,
    );
  });
});

describe('sizes', () => {
  it.each([
    ['512', 512],
    ['512m', 512],
    ['512M', 512],
    ['2g', 2048],
    [' 1 g ', 1024],
  ])('%s is %d MiB', (text, expected) => expect(parseSize('memory', text)).toBe(expected));

  it.each(['', 'm', '1.5g', '-1', '12k', '1gb'])('%j is refused', (text) =>
    expect(() => parseSize('memory', text)).toThrow(expect.objectContaining({ reason: 'SIZE_INVALID' })),
  );
});
