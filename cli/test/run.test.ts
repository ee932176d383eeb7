import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { jsonLines, millrace, temporaryDirectory } from './command.ts';

describe.each([
  ['fused', []],
  ['a process per app', ['--no-fuse']],
])('run, %s', (_, flags) => {
  it('runs a pipeline over files to its end and says what it did', { timeout: 60_000 }, async () => {
    const cwd = temporaryDirectory();
    mkdirSync(join(cwd, 'in'));
    writeFileSync(join(cwd, 'in/data'), Array.from({ length: 100 }, (_line, n) => JSON.stringify({ n })).join('\n'));
    const definition =
      "big = file --directory=in --mode=lines --once=true | filter --expression='payload.n >= 90' | transform --expression='payload.n * 2' | out: file --directory=. --name=out";
    const outcome = await millrace(['run', ...flags, definition], { cwd });
    expect(outcome).toMatchObject({ code: 0 });
    expect(readFileSync(join(cwd, 'out'), 'utf8').trimEnd().split('\n')).toEqual(
      Array.from({ length: 10 }, (_line, n) => String((90 + n) * 2)),
    );
    expect(outcome.stderr).toContain('big:');
  });

  it('connects definitions by named destinations and taps', { timeout: 60_000 }, async () => {
    const cwd = temporaryDirectory();
    const definitions = [
      'made = load-generator --message-count=20 --message-size=5 | bridge > :numbers',
      'count = :numbers > file --directory=. --name=numbers',
      'tapped = :made.load-generator > file --directory=. --name=tapped',
    ];
    expect(await millrace(['run', ...flags, ...definitions], { cwd })).toMatchObject({ code: 0 });
    expect(readFileSync(join(cwd, 'numbers'), 'utf8').trimEnd().split('\n')).toHaveLength(20);
    expect(readFileSync(join(cwd, 'tapped'), 'utf8').trimEnd().split('\n')).toHaveLength(20);
  });
});

it('prints nothing but documents with --json', async () => {
  const { code, stdout } = await millrace([
    'run',
    '--json',
    'p = load-generator --message-count=2 --message-size=3 | log --level=WARN',
  ]);
  expect(code).toBe(0);
  expect(jsonLines(stdout)).toMatchObject([
    { level: 'WARN', app: 'p/log' },
    { level: 'WARN', app: 'p/log' },
    { completed: true, pipelines: [{ name: 'p' }] },
  ]);
});

describe('what was parked in the middle of a pipeline', () => {
  it.each([['fused'], ['in processes', '--no-fuse']])(
    'goes on from there when it is corrected and sent again, %s',
    async (_, ...flags) => {
      const cwd = temporaryDirectory();
      mkdirSync(join(cwd, 'in'));
      writeFileSync(join(cwd, 'in', 'a.txt'), '{"n": 1}\nnonsense\n{"n": 3}\n');
      const tail = 'filter --expression="payload.n > 0" | out: file --directory=. --name=out --mode=APPEND';
      const first = `p = file --directory=in --mode=lines --once=true | ${tail}`;
      expect(await millrace(['run', first, ...flags], { cwd })).toMatchObject({ code: 0 });
      const [parked] = jsonLines((await millrace(['parked', 'list', '--json'], { cwd })).stdout) as {
        id: string;
        destination: string;
      }[];
      expect(parked).toMatchObject({ destination: 'p.file' });
      const edited = await millrace(['parked', 'edit', parked!.id, '{"n": 2}', '--json'], { cwd });
      const [{ id }] = jsonLines(edited.stdout) as [{ id: string }];
      expect(await millrace(['parked', 'redrive', id], { cwd })).toMatchObject({ code: 0 });
      mkdirSync(join(cwd, 'none'));
      expect(await millrace(['run', first.replace('=in ', '=none '), ...flags], { cwd })).toMatchObject({ code: 0 });
      expect(readFileSync(join(cwd, 'out'), 'utf8').trimEnd().split('\n')).toEqual(['{"n": 1}', '{"n": 3}', '{"n": 2}']);
      expect((await millrace(['parked', 'list', '--json'], { cwd })).stdout).toBe('');
    },
  );
});

describe('apps', () => {
  it('lists them and shows the options of one', async () => {
    expect((await millrace(['apps', 'list', '--type', 'processor'])).stdout).toMatch(/^filter +processor/m);
    expect((await millrace(['apps', 'info', 'filter'])).stdout).toContain('--expression');
  });
});

describe('completion', () => {
  it.each([
    [['ru'], 'run'],
    [['parked', 're'], 'redrive'],
    [['tail', 'x', '--fo'], '--follow'],
    [['app', 'fil'], 'filter'],
    [['run', 'time | fil'], 'time | filter'],
  ])('%j proposes %s', async (words, proposal) => {
    expect((await millrace(['complete', '--', ...words])).stdout.split('\n')).toContain(proposal);
  });

  it.each(['bash', 'zsh', 'fish'])('prints a script for %s', async (shell) => {
    expect((await millrace(['completion', shell])).stdout).toContain('millrace complete');
  });
});
