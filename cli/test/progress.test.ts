import { Writable } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';
import type { PipelineProgress } from '@millrace/apps';
import { expect, it } from 'vitest';
import { ProgressView } from '../src/progress.ts';

/** A terminal of a given size that keeps what is written. */
function terminal(columns: number, rows: number) {
  let written = '';
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      written += chunk.toString();
      done();
    },
  });
  const out = Object.assign(stream, { columns, rows }) as unknown as NodeJS.WriteStream;
  return { out, take: () => [written, (written = '')][0]! };
}

function pipeline(labels: readonly string[], out = 7): PipelineProgress {
  const counts = { kind: 'processor', in: 9, out, failed: 0, parked: 0 } as const;
  return { name: 'orders', apps: labels.map((label) => ({ ...counts, label, app: label, lag: undefined })), done: false };
}

it('shows what every app took and gave', () => {
  const { out, take } = terminal(120, 40);
  new ProgressView(out).draw([pipeline(['http', 'filter'])]);
  expect(stripVTControlCharacters(take())).toMatch(/orders\n {2}http {4}in {9}9 {2}out {9}7 .*\n {2}filter {2}in/);
});

it('draws over what it drew before', () => {
  const { out, take } = terminal(120, 40);
  const view = new ProgressView(out);
  view.draw([pipeline(['http', 'log'])]);
  take();
  view.draw([pipeline(['http', 'log'], 8)]);
  expect(take().startsWith('\u001b[3A')).toBe(true);
});

it('makes room for lines that others write', () => {
  const { out, take } = terminal(120, 40);
  const view = new ProgressView(out);
  view.draw([pipeline(['http', 'log'])]);
  take();
  view.besides(() => out.write('one\n'));
  view.besides(() => out.write('two\n'));
  expect(take()).toBe('\u001b[3A\u001b[Jone\ntwo\n');
  view.draw([pipeline(['http', 'log'])]);
  expect(take()).toContain('orders');
});

it('never writes more lines, nor wider ones, than the terminal has', () => {
  const { out, take } = terminal(30, 4);
  const view = new ProgressView(out);
  view.draw([pipeline(['http', 'a-long-label-of-a-filter', 'transform', 'log'])]);
  const lines = stripVTControlCharacters(take()).trimEnd().split('\n');
  expect(lines).toHaveLength(3);
  for (const line of lines) expect(line.length).toBeLessThan(30);
  view.draw([pipeline(['http', 'log'])]);
  expect(take().startsWith('\u001b[3A')).toBe(true);
});
