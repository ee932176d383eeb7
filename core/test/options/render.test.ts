import { expect, it } from 'vitest';
import {
  bootMetadata,
  defineOptions,
  option,
  optionHelp,
  optionJsonSchema,
  optionMarkdown,
  redactOptions,
  visibleNames,
} from '../../src/index.ts';

const options = defineOptions({
  expression: option.expression('filter.function.expression', { doc: 'Keeps messages.', default: 'true' }),
  delay: option.duration('x.delay', { doc: 'The pause.', default: 1500 }),
  level: option.enum('x.level', { doc: 'How loud.', values: ['INFO', 'DEBUG'], default: 'INFO' }),
  size: option.int('x.size', { doc: 'How big.', default: 10, min: 1, max: 99, unit: 'bytes' }),
  password: option.secret('x.password', { doc: 'Lets in.', required: true }),
  directory: option.file('x.directory', { doc: 'Where.', default: '/tmp/1', defaultText: '<tmp>/x' }),
});

it('optionHelp shows short names, types, bounds and defaults', () => {
  expect(optionHelp(options)).toBe(
    [
      '  --expression=<expression>  Keeps messages. (default: true)',
      '  --delay=<duration>         The pause. (default: 1500ms)',
      '  --level=<INFO|DEBUG>       How loud. (default: INFO)',
      '  --size=<int>               How big. (1 to 99 bytes; default: 10)',
      '  --password=<string>        Lets in. (required; secret)',
      '  --directory=<file>         Where. (default: <tmp>/x)',
    ].join('\n'),
  );
});

it('optionHelp shows the full name where the short one is not unique', () => {
  const clash = defineOptions({ a: option.string('a.name', { doc: 'A.' }), b: option.string('b.name', { doc: 'B.' }) });
  expect(optionHelp(clash)).toContain('--a.name=<string>');
});

it('optionMarkdown escapes what would end a cell', () => {
  expect(optionMarkdown(options).split('\n')[4]).toBe('| `x.level` | INFO\\|DEBUG | `INFO` | How loud. |');
  expect(optionMarkdown(options)).toContain('| `x.password` | string |  | Lets in. Required. Masked in every output. |');
});

it('optionJsonSchema carries types, bounds, choices and defaults', () => {
  expect(optionJsonSchema(options)).toMatchObject({
    required: ['x.password'],
    properties: {
      'x.level': { type: 'string', enum: ['INFO', 'DEBUG'], default: 'INFO' },
      'x.size': { type: 'integer', minimum: 1, maximum: 99, default: 10 },
      'x.password': { writeOnly: true },
    },
  });
});

it("bootMetadata is in Spring Boot's format", () => {
  const metadata = bootMetadata(options);
  expect(metadata.groups).toEqual([{ name: 'filter.function' }, { name: 'x' }]);
  expect(metadata.properties.slice(0, 2)).toEqual([
    {
      name: 'filter.function.expression',
      type: 'org.springframework.expression.Expression',
      description: 'Keeps messages.',
      defaultValue: 'true',
    },
    { name: 'x.delay', type: 'java.time.Duration', description: 'The pause.', defaultValue: '1500ms' },
  ]);
  expect(metadata.hints).toEqual([{ name: 'x.level', values: [{ value: 'INFO' }, { value: 'DEBUG' }] }]);
  expect(visibleNames(options)).toMatch(/^configuration-properties\.names=filter\.function\.expression,x\.delay,/);
});

it('redactOptions masks secrets, names that sound secret and user information in addresses', () => {
  const given = { password: 'p', 'X.PASSWORD': 'p', 'other.api-key': 'k', url: 'amqp://me:pw@host/x', level: 'INFO', size: 3 };
  expect(redactOptions(options, given)).toEqual({
    password: '******',
    'X.PASSWORD': '******',
    'other.api-key': '******',
    url: 'amqp://******@host/x',
    level: 'INFO',
    size: '3',
  });
});
