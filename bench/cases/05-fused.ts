import { createReadStream, createWriteStream, readFileSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { runPipelines } from '@millrace/apps';
import { rate, verify } from '../harness.ts';
import type { Case } from '../harness.ts';

const total = 300_000;

function writeInput(file: string): void {
  const lines = Array.from({ length: total }, (_, n) =>
    JSON.stringify({
      sensor: `s${n % 100}`,
      celsius: n % 60,
      at: 1_767_225_600_000 + n,
      place: 'hall 7, line 3',
      text: 'x'.repeat(90),
      n,
    }),
  );
  writeFileSync(file, `${lines.join('\n')}\n`);
}

/** The same parse, test and stringify by hand: what a careful programmer would write for this one job. */
async function byHand(input: string, output: string): Promise<void> {
  const out = createWriteStream(output);
  let chunk = '';
  for await (const line of createInterface({ input: createReadStream(input), crlfDelay: Infinity })) {
    const reading = JSON.parse(line) as { celsius: number; n: number };
    if (!(reading.celsius > 30)) continue;
    chunk += `${JSON.stringify(reading)}\n`;
    if (chunk.length < 65_536) continue;
    if (!out.write(chunk)) await once(out, 'drain');
    chunk = '';
  }
  out.end(chunk);
  await once(out, 'finish');
}

async function byPipeline(directory: string, output: string): Promise<void> {
  const dsl = `file --directory=${directory}/in --mode=lines --once=true | filter --expression="payload.celsius > 30" | out: file --directory=${directory} --name=${output}`;
  await runPipelines([{ dsl }], {
    connect: () => Promise.reject(new Error('nothing of this goes through a binder')),
  });
}

function check(file: string): void {
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
  verify(
    lines.length === Array.from({ length: total }, (_, n) => n % 60).filter((celsius) => celsius > 30).length,
    `${lines.length} lines in ${file}`,
  );
  verify((JSON.parse(lines[0]!) as { n: number }).n === 31, 'first line');
}

const fusedCase: Case = {
  name: 'fused pipeline over JSON lines: file | filter | file',
  target: '≥ 0.8 × a hand-written loop with the same parse, test and stringify',
  async run(tools) {
    const directory = tools.directory();
    const input = join(directory, 'in');
    (await import('node:fs')).mkdirSync(input);
    writeInput(join(input, 'lines'));
    const limit = await tools.best(3, (round) => byHand(join(input, 'lines'), join(directory, `hand-${round}`)));
    const ours = await tools.best(3, (round) => byPipeline(directory, `ours-${round}`));
    check(join(directory, 'hand-0'));
    check(join(directory, 'ours-0'));
    const ratio = limit / ours;
    return { ours: rate(total, ours), peer: `by hand: ${rate(total, limit)}`, ratio, met: ratio >= 0.8 };
  },
};

export default fusedCase;
