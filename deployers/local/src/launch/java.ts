import { join } from 'node:path';
import { messageOf } from '@millrace/core';
import { findProgram, isExecutable } from '@millrace/processes';
import { raise } from '../errors.ts';
import type { Settings } from '../settings.ts';
import { readZipEntry } from './zip-entry.ts';

/**
 * The program that runs jars: the one that is set, else that of the Java home for the app's version of Spring Boot, of `JAVA_HOME`, or
 * on the PATH. Throws `JAVA_MISSING`.
 */
export function javaProgram(app: string, settings: Settings, env: NodeJS.ProcessEnv): string {
  const { javaCmd, javaHomePath, bootVersion: version } = settings;
  const missing = (tried: string) => raise('JAVA_MISSING', { app, version, tried });
  if (javaCmd !== undefined) {
    const program = javaCmd.includes('/') ? javaCmd : findProgram(javaCmd, [], env);
    if (program === undefined || !isExecutable(program)) throw missing(`'${javaCmd}' is no program`);
    return program;
  }
  const home = javaHomePath[version] ?? (env['JAVA_HOME'] === '' ? undefined : env['JAVA_HOME']);
  if (home === undefined)
    return findProgram('java', [], env) ?? fail(missing('there is none on the PATH and JAVA_HOME is not set'));
  const program = join(home, 'bin/java');
  return isExecutable(program) ? program : fail(missing(`there is none in '${home}'`));
}

function fail(error: Error): never {
  throw error;
}

/** Checks that a jar can be run. Throws `JAR_BROKEN`. */
export function checkJar(app: string, path: string): void {
  const broken = (problem: string, cause?: unknown) => raise('JAR_BROKEN', { app, path, problem }, cause);
  const manifest = manifestOf(path, broken);
  if (manifest === undefined) throw broken('has no manifest; build it as an executable jar');
  if (!/^Main-Class:\s*\S/im.test(manifest)) throw broken('names no main class in its manifest; build it as an executable jar');
}

function manifestOf(path: string, broken: (problem: string, cause: unknown) => Error): string | undefined {
  try {
    return readZipEntry(path, 'META-INF/MANIFEST.MF')?.toString('utf8');
  } catch (error) {
    throw broken(`cannot be read: ${messageOf(error)}`, error);
  }
}
