// Runs a package's sources in a realm that has the language and nothing of Node, as a browser's is, and prints what `script` gives:
//   node --experimental-vm-modules bare-realm.mjs ENTRY SCRIPT
import { readFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { createContext, SourceTextModule } from 'node:vm';

const [entry, script] = process.argv.slice(2);
const core = join(import.meta.dirname, '../../core/src/index.ts');
const context = createContext({});
const modules = new Map();

function load(file) {
  const known = modules.get(file);
  if (known !== undefined) return known;
  const module = new SourceTextModule(stripTypeScriptTypes(readFileSync(file, 'utf8')), { context, identifier: file });
  modules.set(file, module);
  return module;
}

function link(specifier, { identifier }) {
  if (specifier === '@millrace/core') return load(core);
  if (specifier === 'entry') return load(resolve(entry));
  if (specifier.startsWith('.')) return load(join(dirname(identifier), specifier));
  throw new Error(`${identifier} imports ${specifier}, which no browser has`);
}

const main = new SourceTextModule(script, { context, identifier: join(import.meta.dirname, 'main.mjs') });
await main.link(link);
await main.evaluate();
process.stdout.write(JSON.stringify(main.namespace.default));
