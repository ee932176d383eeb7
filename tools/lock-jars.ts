// Prints the pinned list of jars for a set of Maven coordinates, with every dependency and its checksum:
//   node tools/lock-jars.ts NAME GROUP:ARTIFACT:VERSION … > sandbox/src/locks/NAME.ts
// Maven resolves the versions once, here; whoever starts the server later gets exactly these files or an error.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const [name, ...coordinates] = process.argv.slice(2) as [string, ...string[]];
const work = mkdtempSync(join(tmpdir(), 'millrace-lock-'));

function pom(): string {
  const dependencies = coordinates.map((coordinate) => {
    const [group, artifact, version] = coordinate.split(':');
    return `<dependency><groupId>${group}</groupId><artifactId>${artifact}</artifactId><version>${version}</version></dependency>`;
  });
  return `<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion><groupId>lock</groupId><artifactId>lock</artifactId><version>1</version><packaging>pom</packaging><dependencies>${dependencies.join('')}</dependencies></project>`;
}

function resolveJars(): void {
  writeFileSync(join(work, 'pom.xml'), pom());
  const goal = [
    'dependency:copy-dependencies',
    '-DincludeScope=runtime',
    '-DoutputDirectory=lib',
    '-Dmdep.useRepositoryLayout=true',
  ];
  const result = spawnSync('mvn', ['-q', '-B', ...goal], { cwd: work, stdio: ['ignore', 2, 2] });
  if (result.status !== 0) throw new Error(`mvn failed: ${result.error?.message ?? `exit code ${result.status}`}`);
}

/** `group/parts/artifact/version/artifact-version.jar` as a coordinate with the file's checksum. */
function lockLine(path: string): string {
  const parts = path.split('/');
  const [artifact, version] = parts.slice(-3, -1) as [string, string];
  if (parts.at(-1) !== `${artifact}-${version}.jar`) throw new Error(`${path}: jars with a classifier are not supported`);
  const sha256 = createHash('sha256')
    .update(readFileSync(join(work, 'lib', path)))
    .digest('hex');
  return `${parts.slice(0, -3).join('.')}:${artifact}:${version} ${sha256}`;
}

try {
  resolveJars();
  const lines = globSync('**/*.jar', { cwd: join(work, 'lib') })
    .map(lockLine)
    .toSorted();
  console.log(`/** ${coordinates.join(' + ')} with all they need: coordinate and SHA-256. Written by tools/lock-jars.ts. */`);
  console.log(`export const ${name}: readonly string[] = [\n${lines.map((line) => `  '${line}',`).join('\n')}\n];`);
} finally {
  rmSync(work, { recursive: true, force: true });
}
