// The main job on real input: the 20,000 flight records that vega-datasets ships, through a durable destination, to a file.
//   npm start                 reads what is new, goes on where it stopped, and shows what came out
//   npm start -- --again      reads everything again
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join, relative } from 'node:path';
import process from 'node:process';

const root = new URL('..', import.meta.url).pathname;
const data = join(root, '.millrace', 'demo');
const out = join(data, 'out');
const result = join(out, 'late-flights.txt');
const flights = join(root, 'node_modules', 'vega-datasets', 'data');

const definitions = [
  // Which files were read is kept with the data, so that a second start does not read them again.
  `flights = file --directory=${flights} --filename-pattern=flights-20k.json --once=true --metadata.store.type=region | splitter --expression="#jsonPath(payload, '$.*')" > :flights`,
  `late = :flights > filter --expression="payload.delay > 120" | transform --expression="payload.date + '  ' + payload.origin + ' to ' + payload.destination + ', ' + payload.delay + ' minutes late'" | file --directory=${out} --name=late-flights --suffix=txt`,
];

function linesIn(file: string): readonly string[] {
  return existsSync(file) ? readFileSync(file, 'utf8').trimEnd().split('\n') : [];
}

if (process.argv.includes('--again')) rmSync(data, { recursive: true, force: true });
const before = linesIn(result).length;
console.log(
  before > 0
    ? `Going on from an earlier start: ${before} late flights are in the file already; 'npm start -- --again' begins anew.`
    : 'Looking for flights that were more than two hours late among 20,000.',
);
for (const definition of definitions) console.log(`  ${definition.replaceAll(root, '')}`);
console.log();

const command = join(root, 'cli/src/main.ts');
const child = spawn(process.execPath, [...process.execArgv, command, '--data-dir', join(data, 'broker'), 'run', ...definitions], {
  stdio: 'inherit',
});
// Ctrl-C reaches the child by the terminal; a supervisor's signal is passed on.
process.on('SIGINT', () => {}).on('SIGTERM', () => child.kill('SIGTERM'));
const [code] = (await once(child, 'exit')) as [number | null];
process.exitCode = code ?? 1;

if (code === 0) {
  const lines = linesIn(result);
  console.log(`\n${lines.length - before} late flights came out, ${lines.length} in all, the last of them:`);
  for (const line of lines.slice(-3)) console.log(`  ${line}`);
  console.log(
    `\nThey lie in ${relative(process.cwd(), result)}. The records themselves are kept: 'npx millrace --data-dir ${relative(process.cwd(), join(data, 'broker'))} tail flights' shows them.`,
  );
}
