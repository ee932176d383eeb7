import { join } from 'node:path';
import { homedir } from 'node:os';
import { globSync } from 'node:fs';
import { findProgram, isExecutable } from '@millrace/processes';
import { raise } from './errors.ts';
import { installHint, runProgram } from './programs.ts';

const usualPlaces = [
  '/usr/lib/jvm/*/bin',
  '/opt/java/*/bin',
  '/opt/homebrew/opt/openjdk*/bin',
  '/usr/local/opt/openjdk*/bin',
  '/Library/Java/JavaVirtualMachines/*/Contents/Home/bin',
  join(homedir(), '.sdkman/candidates/java/*/bin'),
  join(homedir(), '.jdks/*/bin'),
];

/** A Java runtime on this machine. */
export interface Java {
  readonly program: string;
  /** The feature release: 17, 21, … */
  readonly major: number;
}

/** The first Java of at least that release: JAVA_HOME, then PATH, then where platforms install it. Throws `NO_JAVA`. */
export async function findJava(server: string, least: number, env: NodeJS.ProcessEnv = process.env): Promise<Java> {
  const seen: Java[] = [];
  for (const program of candidates(env)) {
    const major = await majorOf(program);
    if (major !== undefined && major >= least) return { program, major };
    if (major !== undefined) seen.push({ program, major });
  }
  const tooOld = seen.map(({ program, major }) => `${program} is ${major}`).join(', ');
  const next = `${installHint({ apt: 'openjdk-17-jre-headless', dnf: 'java-21-openjdk-headless', brew: 'openjdk' })} or set JAVA_HOME`;
  throw raise('NO_JAVA', { server, least, seen: tooOld === '' ? '' : ` (${tooOld})`, next });
}

function candidates(env: NodeJS.ProcessEnv): readonly string[] {
  const home = env['JAVA_HOME'] ? [join(env['JAVA_HOME'], 'bin/java')] : [];
  const onPath = findProgram('java', [], env);
  const usual = usualPlaces.flatMap((pattern) => globSync(pattern).toSorted()).map((folder) => join(folder, 'java'));
  return [...new Set([...home, ...(onPath === undefined ? [] : [onPath]), ...usual])].filter(isExecutable);
}

// A `java` that does not start (macOS has such a stub) is none.
async function majorOf(program: string): Promise<number | undefined> {
  try {
    return parseJavaVersion(await runProgram(program, ['-version'], { timeoutMs: 20_000 }));
  } catch {
    return undefined;
  }
}

/** The feature release in what `java -version` prints: `1.8.0_402` is 8, `17.0.15` is 17. */
export function parseJavaVersion(printed: string): number | undefined {
  const [, first, second] = /version "(\d+)(?:\.(\d+))?/.exec(printed) ?? [];
  if (first === undefined) return undefined;
  return first === '1' ? Number(second) : Number(first);
}
