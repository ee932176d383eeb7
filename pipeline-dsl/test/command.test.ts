import { describe, expect, it } from 'vitest';
import { parseCommand, parseLine } from '@millrace/pipeline-dsl';

const prefix = 'spring.cloud.stream.bindings.';

describe('streams', () => {
  it('answers with everything the definition determines', () => {
    const dsl = ":in --group=g > web --password='p w' --inputType=a/b | l: log > :out";
    expect(parseCommand({ kind: 'stream', name: 'pay', dsl })).toEqual({
      ok: true,
      name: 'pay',
      apps: [
        {
          name: 'web',
          label: 'web',
          type: 'processor',
          options: { password: 'p w' },
          bindings: {
            [`${prefix}input.contentType`]: 'a/b',
            [`${prefix}input.destination`]: 'in',
            [`${prefix}input.group`]: 'g',
            [`${prefix}output.destination`]: 'pay.web',
            [`${prefix}output.producer.requiredGroups`]: 'pay',
          },
        },
        {
          name: 'log',
          label: 'l',
          type: 'processor',
          options: {},
          bindings: {
            [`${prefix}input.destination`]: 'pay.web',
            [`${prefix}input.group`]: 'pay',
            [`${prefix}output.destination`]: 'out',
          },
        },
      ],
      source: 'in',
      group: 'g',
      sink: 'out',
      canonical: `:in > web --group=g --${prefix}input.contentType=a/b --password='p w' | l: log > :out`,
      redacted: `:in > web --group=g --${prefix}input.contentType=a/b --password='******' | l: log > :out`,
    });
  });

  it('has no ends where there are none', () => {
    expect(Object.keys(parseCommand({ kind: 'stream', dsl: 'a || b' }))).toEqual(['ok', 'name', 'apps', 'canonical', 'redacted']);
  });

  it('says where and why a definition is refused', () => {
    expect(parseCommand({ kind: 'stream', dsl: 'web > orders' })).toEqual({
      ok: false,
      error: 'EXPECTED_DESTINATION_PREFIX',
      code: 133,
      position: 6,
      message: "found 'orders' after '>'; expected a destination, which starts with ':'",
    });
  });
});

describe('tasks', () => {
  it('answers with everything the definition determines', () => {
    const dsl = "extract  --d='x y' 'FAILED' -> l: alarm *->$END&&load\nunused: a";
    expect(parseCommand({ kind: 'task', name: 'etl', dsl })).toEqual({
      ok: true,
      name: 'etl',
      composed: true,
      apps: [
        { name: 'extract', label: 'extract', options: { d: 'x y' } },
        { name: 'alarm', label: 'l', options: {} },
        { name: 'load', label: 'load', options: {} },
        { name: 'a', label: 'unused', options: {} },
      ],
      text: "extract --d='x y' 'FAILED'->l: alarm *->$END && load;unused: a",
      executable: "etl-extract 'FAILED'->etl-l *->$END && etl-load;etl-unused",
      children: [
        { name: 'etl-extract', app: 'extract', label: 'extract', options: { d: 'x y' }, text: "extract --d='x y'" },
        { name: 'etl-l', app: 'alarm', label: 'l', options: {}, text: 'l: alarm' },
        { name: 'etl-load', app: 'load', label: 'load', options: {}, text: 'load' },
        { name: 'etl-unused', app: 'a', label: 'unused', options: {}, text: 'unused: a' },
      ],
      graph: {
        nodes: [
          ['0', 'START'],
          ['1', 'extract'],
          ['2', 'alarm'],
          ['3', '$END'],
          ['4', 'load'],
          ['5', 'a'],
          ['6', 'END'],
        ],
        links: [
          ['0', '1'],
          ['1', '2', 'FAILED'],
          ['1', '3', '*'],
          ['1', '4'],
          ['4', '6'],
          ['2', '6'],
          ['5', '6'],
        ],
      },
      graphText: "extract --d='x y' 'FAILED'->l: alarm '*'->$END && load;unused: a",
    });
  });

  it('lists every problem', () => {
    expect(parseCommand({ kind: 'task', dsl: 'a && a;b' })).toMatchObject({
      ok: false,
      error: 'TASK_VALIDATION_APP_NAME_ALREADY_IN_USE',
      code: 166,
      position: 5,
      problems: [
        { error: 'TASK_VALIDATION_APP_NAME_ALREADY_IN_USE', code: 166, position: 5 },
        { error: 'TASK_VALIDATION_SECONDARY_SEQUENCES_MUST_BE_NAMED', code: 158, position: 7 },
      ],
    });
  });

  it('has the modes of the original', () => {
    expect(parseCommand({ kind: 'task', dsl: 'a && a', validate: false })).toMatchObject({ ok: true, executable: 't-a && t-a' });
    expect(parseCommand({ kind: 'task', dsl: 'a --p=1', appMode: false })).toMatchObject({ ok: false, code: 168, position: 2 });
  });

  it('answers without graphText where the graph says less than the text', () => {
    const dsl = 'a 1->:y && b;x: <c || y: d> && e';
    const answer = parseCommand({ kind: 'task', dsl });
    expect(answer).toMatchObject({ ok: true, text: dsl });
  });
});

it('answers where a task is too large for its graph', () => {
  const sequences = Array.from(
    { length: 20 },
    (_, index) => `s${index}: <a${index} 1->:s${index + 1} || b${index} 1->:s${index + 1}>`,
  );
  const answer = parseCommand({ kind: 'task', dsl: ['m 1->:s0', ...sequences, 's20: z'].join(';') });
  expect(answer).toMatchObject({ ok: false, error: 'graphTooLarge', code: 0, position: 0 });
});

describe('requests that are none', () => {
  it.each([
    [undefined, 'object'],
    [null, 'object'],
    ['stream', 'object'],
    [[], 'object'],
    [{}, "'kind'"],
    [{ kind: 'job', dsl: 'a' }, "'kind'"],
    [{ kind: 'stream' }, "'dsl'"],
    [{ kind: 'task', dsl: 1 }, "'dsl'"],
    [{ kind: 'task', dsl: 'a', name: 1 }, "'name'"],
    [{ kind: 'task', dsl: 'a', validate: 'yes' }, "'validate'"],
    [{ kind: 'task', dsl: 'a', appMode: null }, "'appMode'"],
  ])('answers %j', (request, hint) => {
    const answer = parseCommand(request);
    expect(answer).toMatchObject({ ok: false, error: 'INVALID_REQUEST', code: 0, position: 0 });
    expect(answer).toHaveProperty('message', expect.stringContaining(hint));
  });

  it.each(['', '{', 'null', '42', '{"kind":"stream","dsl":"a |"}'])('refuses the line %s', (line) => {
    expect(parseLine(line)).toMatchObject({ ok: false });
  });

  it('answers a line that is one', () => {
    expect(parseLine('{"kind":"stream","name":"s1","dsl":"a"}')).toMatchObject({ ok: true, name: 's1' });
  });
});
