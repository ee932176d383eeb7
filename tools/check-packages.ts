// Proves that what would be published works: packs every package, installs the tarballs in an empty project and runs a quick start there,
// through `import` and through the installed command.
import { spawnSync } from 'node:child_process';
import { existsSync, globSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

interface PackageManifest {
  readonly name: string;
  readonly version: string;
  readonly exports: Readonly<Record<string, { readonly types: string; readonly default: string }>>;
  readonly bin?: Readonly<Record<string, string>>;
}

const root = new URL('..', import.meta.url).pathname;
const work = mkdtempSync(join(tmpdir(), 'millrace-packages-'));

function run(cwd: string, file: string, args: readonly string[]): string {
  const result = spawnSync(file, args, { cwd, encoding: 'utf8', timeout: 120_000, env: { ...process.env, NODE_OPTIONS: '' } });
  if (result.status !== 0)
    throw new Error(`${file} ${args.join(' ')} failed in ${cwd}:\n${result.stdout}${result.stderr}${result.error ?? ''}`);
  return result.stdout;
}

function npm(cwd: string, ...args: readonly string[]): string {
  return run(cwd, 'npm', [...args, '--loglevel=error']);
}

function pack(): readonly string[] {
  const tarballs = join(work, 'tarballs');
  mkdirSync(tarballs);
  const folders = globSync(['*/package.json', '{binders,deployers}/*/package.json'], { cwd: root }).map((file) => dirname(file));
  npm(root, 'pack', '--pack-destination', tarballs, ...folders.flatMap((folder) => ['--workspace', folder]));
  for (const folder of folders) checkContents(folder, tarballs);
  return readdirSync(tarballs).map((file) => join(tarballs, file));
}

function checkContents(folder: string, tarballs: string): void {
  const { name, version, exports, bin } = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8')) as PackageManifest;
  const tarball = join(tarballs, `${name.replace('@', '').replace('/', '-')}-${version}.tgz`);
  const files = run(root, 'tar', ['-tzf', tarball])
    .trim()
    .split('\n')
    .map((file) => file.replace(/^package\//, './'));
  const wanted = Object.values(exports).flatMap((entry) => [entry.types, entry.default]);
  for (const file of [...wanted, ...Object.values(bin ?? {}), './README.md']) {
    if (!files.includes(file)) throw new Error(`${folder}: ${file} is missing from the packed files`);
  }
  const strays = files.filter((file) => !/^\.\/(bin\/\w+\.js|dist\/.*\.(js|d\.ts)|README\.md|package\.json|LICENSE)$/.test(file));
  if (strays.length > 0) throw new Error(`${folder}: packed files that users do not need: ${strays.join(', ')}`);
}

function install(tarballs: readonly string[]): string {
  const project = join(work, 'project');
  mkdirSync(project);
  writeFileSync(join(project, 'package.json'), JSON.stringify({ name: 'quick-start', private: true, type: 'module' }));
  npm(project, 'install', '--no-audit', '--no-fund', ...tarballs);
  return project;
}

function quickStart(project: string): void {
  writeFileSync(join(project, 'quick-start.js'), readFileSync(join(root, 'tools/quick-start.js')));
  const printed = run(project, process.execPath, ['quick-start.js']);
  if (!printed.includes('hot: a1 31')) throw new Error(`the quick start printed:\n${printed}`);
  const version = run(project, join(project, 'node_modules/.bin/millrace'), ['--version']).trim();
  const expected = (JSON.parse(readFileSync(join(root, 'cli/package.json'), 'utf8')) as { version: string }).version;
  if (version !== expected) throw new Error(`the installed command says version ${version}, not ${expected}`);
  const shown = run(project, join(project, 'node_modules/.bin/millrace'), [
    'run',
    '--quiet',
    'load-generator --message-count=3 --message-size=8 | file --directory=. --name=out --mode=APPEND',
  ]);
  if (!existsSync(join(project, 'out'))) throw new Error(`the installed command ran no pipeline:\n${shown}`);
}

try {
  const project = install(pack());
  quickStart(project);
  console.log('packages install from their tarballs and run');
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
} finally {
  rmSync(work, { recursive: true, force: true });
}
