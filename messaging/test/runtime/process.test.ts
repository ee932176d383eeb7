import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';

const program = fileURLToPath(new URL('./programs/service.ts', import.meta.url));

/** Runs the service; what it says is collected, and `said` waits for a line. */
function run(mode: string) {
  const child = spawn(process.execPath, ['--conditions=development', program, mode], { stdio: ['ignore', 'pipe', 'pipe'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  const output = { text: '', errors: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output.text += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (output.errors += text));
  const said = async (line: string) => {
    while (!output.text.includes(`${line}\n`)) await once(child.stdout, 'data');
  };
  return { child, output, said, ended: ended(child) };
}

async function ended(child: ChildProcess): Promise<{ code: number | null; signal: NodeJS.Signals | null }> {
  const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
  return { code, signal };
}

test.each([
  ['SIGTERM', 143],
  ['SIGINT', 130],
] as const)('%s lets the running handler finish, then ends the process with code %i', async (signal, code) => {
  const service = run('plain');
  await service.said('begin 1 try 1');
  service.child.kill(signal);
  expect(await service.ended).toEqual({ code, signal: null });
  expect(service.output.text).toBe('begin 1 try 1\nend 1\n');
});

test.each(['escape', 'reject', 'escape-of-two'])(
  'an error that escapes a handler (%s) is a failed try of its event and no end of the process',
  async (mode) => {
    const service = run(mode);
    expect(await service.ended).toEqual({ code: 0, signal: null });
    expect(service.output).toEqual({ text: 'begin 1 try 1\nbegin 1 try 2\nend 1\nclosed\n', errors: '' });
  },
);

test.each(['foreign', 'foreign-of-two'])(
  "an uncaught error that is no handler's (%s) ends the process as it would without us",
  async (mode) => {
    const service = run(mode);
    expect(await service.ended).toEqual({ code: 1, signal: null });
    expect(service.output.errors).toContain('not from a handler');
  },
);
