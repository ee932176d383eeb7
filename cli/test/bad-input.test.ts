import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { canMount, millrace, millraceOn, temporaryDirectory } from './command.ts';
import type { Outcome } from './command.ts';

/** A clear failure: it has a code, no stack trace, and exits with other than 0. */
function expectClear({ code, stderr }: Outcome, ...parts: readonly string[]): void {
  expect(code).not.toBe(0);
  for (const part of parts) expect(stderr).toContain(part);
  expect(stderr).not.toMatch(/^\s+at .+:\d+/m);
}

/** The segment of the journal. */
function journalFile(cwd: string): string {
  const directory = join(cwd, '.millrace', 'journal');
  return join(
    directory,
    readdirSync(directory).find((name) => name.endsWith('.log'))!,
  );
}

describe('wrong definitions', () => {
  it.each([
    ['an unknown app', 'tme | log', ["'time'"]],
    ['an unknown option', 'time | filter --expresion=true | log', ['expresion', 'expression']],
    ['an option of a wrong type', 'http --port=many | log', ['port', 'many']],
    ['a wrong expression', "time | filter --expression='payload ==' | log", ['expression']],
    ['a syntax error', 'time | | log', ['118E:(pos 7)', 'time | | log\n']],
    ['an app that is not there yet', 'time | jdbc', ['jdbc']],
  ])('%s', async (_, definition, parts) => {
    const outcome = await millrace(['run', definition]);
    expectClear(outcome, ...parts);
    expect(outcome.stdout).toBe('');
  });

  it('starts nothing when the second of two is wrong', async () => {
    const cwd = temporaryDirectory();
    expectClear(
      await millrace(['run', 'load-generator --message-count=1 | file --directory=. --name=made', 'time | nothing'], { cwd }),
      'nothing',
    );
    expect(readdirSync(cwd)).not.toContain('made');
  });
});

describe('wrong arguments', () => {
  it.each([
    ['no command', ['rn'], ['run']],
    ['no definition', ['run'], ['nothing to run']],
    ['an unknown option', ['tail', 'x', '--folow'], ['--follow']],
    ['a wrong position', ['tail', 'x', '--from', 'yesterday'], ["'yesterday' is no position"]],
    ['a wrong number', ['tail', 'x', '--limit', 'many'], ["--limit must be a whole number from 1, not 'many'"]],
  ])('%s', async (_, args, parts) => {
    expectClear(await millrace(args), ...parts);
  });

  it('asks for a selection instead of acting on everything', async () => {
    expectClear(await millrace(['parked', 'discard']), 'INVALID_ARGUMENT', '--all');
  });

  it('names what exists when a destination is misspelt', async () => {
    const cwd = temporaryDirectory();
    await millrace(['publish', 'orders', '1'], { cwd });
    expectClear(await millrace(['tail', 'order'], { cwd }), 'NOT_FOUND', "did you mean 'orders'?");
  });

  it('prints the error as JSON when asked to', async () => {
    const { stderr } = await millrace(['--json', 'parked', 'discard']);
    expect(JSON.parse(stderr)).toMatchObject({ code: 'INVALID_ARGUMENT', reason: 'NOTHING_SELECTED' });
  });

  it('prints the stack only when asked to', async () => {
    expect((await millrace(['--debug', 'parked', 'discard'])).stderr).toMatch(/^\s+at .+:\d+/m);
  });
});

describe('data that cannot be handled', () => {
  it('parks a payload that is no JSON where JSON is needed, with the cause, and goes on', async () => {
    const cwd = temporaryDirectory();
    mkdirSync(join(cwd, 'in'));
    writeFileSync(join(cwd, 'in/lines'), '{"n": 1}\nnonsense\n{"n": 3}\n');
    const property = ['-p', 'spring.cloud.stream.default.consumer.maxAttempts=1'];
    const outcome = await millrace(
      [
        'run',
        ...property,
        "file --directory=in --mode=lines --once=true | filter --expression='payload.n > 0' | out: file --directory=. --name=out",
      ],
      { cwd },
    );
    expect(outcome).toMatchObject({ code: 0 });
    expect(readFileSync(join(cwd, 'out'), 'utf8')).toBe('{"n": 1}\n{"n": 3}\n');
    expect((await millrace(['parked', 'list'], { cwd })).stdout).toContain('no JSON');
  });

  it('refuses a message that is larger than the limit, naming the limit', async () => {
    const cwd = temporaryDirectory();
    expectClear(await millrace(['publish', 'big', '-t', 'text/plain'], { cwd, input: 'x'.repeat(9 * 1024 * 1024) }), 'bytes');
  });
});

describe('surroundings that do not fit', () => {
  it('a port that is taken', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    onTestFinished(() => void server.close());
    const { port } = server.address() as AddressInfo;
    expectClear(await millrace(['run', `http --port=${port} | log`]), String(port));
  });

  it('a data directory that is a file', async () => {
    const cwd = temporaryDirectory();
    writeFileSync(join(cwd, 'data'), '');
    expectClear(await millrace(['publish', 'x', '1', '--data-dir', 'data'], { cwd }), 'data');
  });

  it('a data directory of a newer version', async () => {
    const cwd = temporaryDirectory();
    await millrace(['publish', 'x', '1', '--data-dir', 'data'], { cwd });
    const format = join(cwd, 'data/format.json');
    const content = JSON.parse(readFileSync(format, 'utf8')) as Record<string, unknown>;
    const newer = Object.fromEntries(Object.entries(content).map(([key, value]) => [key, typeof value === 'number' ? 999 : value]));
    writeFileSync(format, JSON.stringify(newer));
    expectClear(await millrace(['publish', 'x', '1', '--data-dir', 'data'], { cwd }), '999', 'FAILED_PRECONDITION');
  });

  it.runIf(canMount)('a full disk (needs mount namespaces)', async () => {
    const cwd = temporaryDirectory();
    const lines = Array.from({ length: 1500 }, (_, n) => JSON.stringify({ n, fill: 'x'.repeat(60_000) }));
    const outcome = await millraceOn(
      'size=70m',
      [
        ['publish', 'x'],
        ['tail', 'x', '--from', 'earliest'],
      ],
      { cwd, input: lines.join('\n') },
    );
    expectClear(outcome, 'RESOURCE_EXHAUSTED', 'no space left', 'free space and try again');
    const [, published, next] = /(\d+) messages were published; the first that was not is on line (\d+)\./.exec(outcome.stderr)!;
    const kept = outcome.stdout.trimEnd().split('\n');
    const numbers = kept.map((line) => (JSON.parse(line.slice(line.indexOf(' '))) as { n: number }).n);
    expect(numbers).toHaveLength(Number(published));
    // What came before is there without a gap; a later, smaller batch may have found room.
    expect(numbers.slice(0, Number(next) - 1)).toEqual(Array.from({ length: Number(next) - 1 }, (_, n) => n));
    expect(new Set(numbers).size).toBe(numbers.length);
  });

  it.runIf(canMount)('a read-only directory (needs mount namespaces)', async () => {
    const cwd = temporaryDirectory();
    const outcome = await millraceOn('ro', [['publish', 'x', '1']], { cwd });
    expectClear(outcome, 'PERMISSION_DENIED', 'read-only file system', 'it must be a directory that this user may write to');
  });

  it('a corrupt file', async () => {
    const cwd = temporaryDirectory();
    for (const text of ['first', 'second', 'third']) await millrace(['publish', 'x', text, '-t', 'text/plain'], { cwd });
    await millrace(['publish', 'y', 'whole', '-t', 'text/plain'], { cwd });
    const file = journalFile(cwd);
    const bytes = readFileSync(file);
    const at = bytes.indexOf('second');
    bytes[at] = bytes[at]! ^ 1;
    writeFileSync(file, bytes);
    expectClear(await millrace(['tail', 'x', '--from', 'earliest'], { cwd }), 'DATA_LOSS', 'damaged', 'offset');
    expect((await millrace(['tail', 'y', '--from', 'earliest'], { cwd })).stdout).toContain('whole');
    const seek = await millrace(['destinations', 'seek', 'x', '--group', 'g', '--to', '2'], { cwd });
    expect(seek.stdout).toContain('group g reads x from 0@2 on');
    expect((await millrace(['destinations', 'show', 'x'], { cwd })).stdout).toMatch(/"committed":\s*{\s*"0": 2\s*}/);
    const { code, stdout } = await millrace(['doctor'], { cwd });
    expect(code).toBe(1);
    expect(stdout).toMatch(/✗ journal: .+ is damaged at byte \d+/);
    expect(stdout).toContain('next: restore the file from a copy');
  });

  it('a configuration file that is broken', async () => {
    const cwd = temporaryDirectory();
    writeFileSync(join(cwd, 'millrace.config.json'), '{"bindr": "embedded"}');
    expectClear(await millrace(['destinations'], { cwd }), "'bindr' is no setting", "did you mean 'binder'?");
  });

  it('a binder that does not exist', async () => {
    expectClear(await millrace(['destinations', '--binder', 'embeded']), "did you mean 'embedded'?");
  });

  it('doctor says what is wrong and exits with 1', async () => {
    const cwd = temporaryDirectory();
    writeFileSync(join(cwd, 'data'), '');
    const { code, stdout } = await millrace(['doctor', '--data-dir', 'data'], { cwd });
    expect(code).toBe(1);
    expect(stdout).toContain('✗ data directory');
  });
});
