// Proves the layout: which package may import which, no cycles between files, no imports past `exports`, declared dependencies only,
// third-party code only where it is declared, and package manifests that match what is on disk.
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';

const root = new URL('..', import.meta.url).pathname;

/** What each folder's sources may import of ours, beside itself. The picture of docs/explanation/architecture.md as data. */
const allowed: Readonly<Record<string, readonly string[]>> = {
  core: [],
  expressions: ['core'],
  'pipeline-dsl': ['core'],
  messaging: ['core', 'expressions'],
  'binders/embedded': ['core', 'messaging'],
  'binders/kafka': ['core', 'messaging'],
  'binders/rabbitmq': ['core', 'messaging'],
  'binders/conformance': ['core', 'messaging'],
  apps: ['core', 'expressions', 'messaging', 'pipeline-dsl'],
  processes: [],
  'deployers/contract': ['core'],
  'deployers/conformance': ['core', 'deployers/contract'],
  'deployers/local': ['core', 'processes', 'deployers/contract'],
  sandbox: ['core', 'processes'],
  'dataflow-api': ['core'],
  'dataflow-server': ['core', 'apps', 'dataflow-api', 'deployers/contract', 'pipeline-dsl'],
  'dataflow-client': ['core'],
  shell: ['core', 'dataflow-client'],
  cli: [
    'core',
    'expressions',
    'messaging',
    'pipeline-dsl',
    'binders/embedded',
    'binders/kafka',
    'binders/rabbitmq',
    'apps',
    'dataflow-server',
    'deployers/contract',
    'sandbox',
    'shell',
  ],
};
/** Packages that must also load in a browser. */
const portable = new Set(['core', 'expressions', 'pipeline-dsl', 'dataflow-api', 'dataflow-client']);
/** Entry points of theirs for Node alone. */
const forNode = new Set(['core/src/files.ts']);

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly license?: string;
  readonly type?: string;
  readonly engines?: Readonly<Record<string, string>>;
  readonly exports: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly files?: readonly string[];
  readonly bin?: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly scripts?: Readonly<Record<string, string>>;
}

interface Import {
  readonly file: string;
  readonly specifier: string;
}

const problems: string[] = [];
const folders = Object.keys(allowed);
const manifests = new Map(
  folders.map((folder) => [folder, JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8')) as Manifest]),
);
const folderOf = new Map([...manifests].map(([folder, manifest]) => [manifest.name, folder]));

function sourcesOf(folder: string): readonly string[] {
  return globSync('src/**/*.ts', { cwd: join(root, folder) }).map((file) => join(root, folder, file));
}

// Static and dynamic imports, type imports included: a cycle through types is still a cycle for the reader.
function importsOf(file: string): readonly Import[] {
  const text = readFileSync(file, 'utf8').replace(/^\s*(\*|\/\*|\/\/).*$/gm, '');
  const found = text.matchAll(
    /(?:^|[\s;}])(?:import|export)\s[^'";]*?from\s*'([^']+)'|(?:^|[^.\w])import\(\s*'([^']+)'\s*\)|^import\s*'([^']+)'/gm,
  );
  return [...found].map((match) => ({ file, specifier: (match[1] ?? match[2] ?? match[3])! }));
}

function packageName(specifier: string): string {
  return specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');
}

function checkPackageImport(folder: string, { file, specifier }: Import): void {
  const name = packageName(specifier);
  const where = relative(root, file);
  const target = folderOf.get(name);
  const manifest = manifests.get(folder)!;
  if (target !== undefined && target !== folder && !allowed[folder]!.includes(target)) {
    problems.push(`${where}: imports ${name}; ${folder} may only import ${allowed[folder]!.join(', ') || 'nothing of ours'}`);
  }
  if (target === folder) problems.push(`${where}: imports its own package by name; use a relative path`);
  if (!(name in (manifest.dependencies ?? {})) && !(name in (manifest.peerDependencies ?? {}))) {
    problems.push(`${where}: imports ${name}, which ${folder}/package.json does not declare`);
  }
  const subpath = `.${specifier.slice(name.length)}`;
  if (target !== undefined && !(subpath in manifests.get(target)!.exports))
    problems.push(`${where}: ${specifier} is not among the exports of ${name}`);
}

function checkRelativeImport(folder: string, { file, specifier }: Import): string | undefined {
  const target = resolve(dirname(file), specifier);
  const where = relative(root, file);
  if (!target.startsWith(join(root, folder, 'src') + '/')) problems.push(`${where}: ${specifier} leaves the package's sources`);
  if (!existsSync(target)) problems.push(`${where}: ${specifier} does not exist`);
  return target;
}

function checkImports(folder: string): Map<string, readonly string[]> {
  const edges = new Map<string, readonly string[]>();
  for (const file of sourcesOf(folder)) {
    const targets: string[] = [];
    for (const found of importsOf(file)) {
      if (found.specifier.startsWith('.')) targets.push(checkRelativeImport(folder, found)!);
      else if (!found.specifier.startsWith('node:')) checkPackageImport(folder, found);
      else if (portable.has(folder) && !forNode.has(relative(root, file)))
        problems.push(`${relative(root, file)}: imports ${found.specifier}, but ${folder} must load in a browser`);
    }
    edges.set(file, targets);
  }
  return edges;
}

function checkCycles(edges: ReadonlyMap<string, readonly string[]>): void {
  const state = new Map<string, 'open' | 'done'>();
  const path: string[] = [];
  const visit = (file: string): void => {
    if (state.get(file) === 'done') return;
    if (state.get(file) === 'open') {
      const cycle = [...path.slice(path.indexOf(file)), file].map((entry) => relative(root, entry));
      problems.push(`import cycle: ${cycle.join(' → ')}`);
      return;
    }
    state.set(file, 'open');
    path.push(file);
    for (const next of edges.get(file) ?? []) visit(next);
    path.pop();
    state.set(file, 'done');
  };
  for (const file of edges.keys()) visit(file);
}

function checkManifest(folder: string, manifest: Manifest): void {
  const say = (text: string): unknown => problems.push(`${folder}/package.json: ${text}`);
  if (folder !== 'cli' && manifest.name !== `@millrace/${folder.replace(/^(binder|deployer)s\//, '$1-')}`)
    say(`name ${manifest.name} does not follow its folder`);
  if (manifest.license !== 'Apache-2.0' || manifest.type !== 'module') say('license must be Apache-2.0 and type module');
  if (manifest.engines?.['node'] !== '>=24.11') say('engines.node must be >=24.11');
  if (!manifest.files?.includes('dist')) say('files must list dist');
  if (!existsSync(join(root, folder, 'README.md'))) say('README.md is missing');
  if (Object.keys(manifest.scripts ?? {}).some((name) => /install|prepare|prepublish/.test(name)))
    say('packages run no install scripts');
  for (const [name, version] of Object.entries(manifest.dependencies ?? {})) {
    if (!/^\d/.test(version)) say(`${name} is not pinned exactly`);
    const target = folderOf.get(name);
    if (target !== undefined && manifests.get(target)!.version !== version)
      say(`${name} ${version} is not the workspace's ${manifests.get(target)!.version}`);
  }
  for (const [subpath, conditions] of Object.entries(manifest.exports)) checkExport(folder, subpath, conditions, say);
}

function checkExport(
  folder: string,
  subpath: string,
  conditions: Readonly<Record<string, string>>,
  say: (text: string) => unknown,
): void {
  const { development, types, default: built } = conditions;
  if (Object.keys(conditions).join() !== 'development,types,default')
    say(`exports['${subpath}'] must give development, types, default in this order`);
  if (!existsSync(join(root, folder, development ?? ''))) say(`exports['${subpath}'].development: ${development} does not exist`);
  const expected = development?.replace('./src/', './dist/');
  if (built !== expected?.replace(/\.ts$/, '.js') || types !== expected?.replace(/\.ts$/, '.d.ts'))
    say(`exports['${subpath}'] does not point to the build of ${development}`);
  if (!existsSync(join(root, folder, types ?? ''))) say(`exports['${subpath}'].types: ${types} was not built; run 'npm run build'`);
}

function checkReferences(folder: string, manifest: Manifest): void {
  const config = JSON.parse(readFileSync(join(root, folder, 'tsconfig.json'), 'utf8')) as { references: { path: string }[] };
  const declared = Object.keys(manifest.dependencies ?? {}).flatMap((name) => folderOf.get(name) ?? []);
  const referenced = config.references.map(({ path }) => relative(root, resolve(root, folder, path)));
  if (declared.toSorted().join() !== referenced.toSorted().join()) {
    problems.push(
      `${folder}/tsconfig.json: references [${referenced.join()}] differ from the declared dependencies [${declared.join()}]`,
    );
  }
}

const workspaces = globSync(['*/package.json', '{binders,deployers}/*/package.json'], { cwd: root }).map((file) => dirname(file));
for (const folder of workspaces)
  if (!(folder in allowed))
    problems.push(`${folder}: a package without a place in the picture; add it to tools/check-architecture.ts`);
for (const [folder, manifest] of manifests) {
  checkManifest(folder, manifest);
  checkReferences(folder, manifest);
  checkCycles(checkImports(folder));
}
for (const problem of problems) console.error(problem);
console.log(`${manifests.size} packages checked, ${problems.length} problems`);
process.exitCode = problems.length > 0 ? 1 : 0;
