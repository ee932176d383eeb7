// Runs an example: `npm run example -- NAME [--option value …]`. Without a name it lists them.
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

const folder = import.meta.dirname;
const names = readdirSync(folder).filter((name) => existsSync(join(folder, name, 'main.ts')));

/** The example's first line says what it shows. */
function describe(name: string): string {
  const [first] = readFileSync(join(folder, name, 'main.ts'), 'utf8').split('\n');
  return `  ${name.padEnd(20)} ${first!.replace('// ', '')}`;
}

const [name] = process.argv.splice(2, 1);
if (name === undefined || !names.includes(name)) {
  if (name !== undefined) console.error(`there is no example '${name}'`);
  console.log(`npm run example -- NAME\n${names.map(describe).join('\n')}`);
  process.exitCode = name === undefined ? 0 : 2;
} else await import(join(folder, name, 'main.ts'));
