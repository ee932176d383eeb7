import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { findJava, parseJavaVersion } from '../src/java.ts';
import { temporaryDirectory } from './temporary.ts';

it.each([
  ['openjdk version "17.0.15" 2025-04-15\nOpenJDK Runtime Environment', 17],
  ['java version "1.8.0_402"', 8],
  ['openjdk version "25" 2025-09-16', 25],
  ['The operation couldn’t be completed. Unable to locate a Java Runtime.', undefined],
])('reads %j as %s', (printed, major) => expect(parseJavaVersion(printed)).toBe(major));

/** A home directory whose `java` says it is of that release. */
function javaHome(version: string): string {
  const home = temporaryDirectory();
  mkdirSync(join(home, 'bin'));
  writeFileSync(join(home, 'bin/java'), `#!/bin/sh\necho 'openjdk version "${version}"' >&2\n`);
  chmodSync(join(home, 'bin/java'), 0o755);
  return home;
}

it('takes JAVA_HOME before PATH', async () => {
  const env = { JAVA_HOME: javaHome('21.0.1'), PATH: join(javaHome('22'), 'bin') };
  expect(await findJava('Kafka', 17, env)).toEqual({ program: join(env.JAVA_HOME, 'bin/java'), major: 21 });
});

it('passes over one that is too old', async () => {
  const env = { JAVA_HOME: javaHome('11.0.2'), PATH: join(javaHome('22'), 'bin') };
  expect((await findJava('Kafka', 17, env)).major).toBe(22);
});

it('says which it found where all are too old, and what to install', async () => {
  const env = { JAVA_HOME: javaHome('11.0.2'), PATH: '' };
  await expect(findJava('Kafka', 99, env)).rejects.toMatchObject({
    reason: 'NO_JAVA',
    message: expect.stringMatching(/Kafka needs Java 99 .*bin\/java is 11.*install.*JAVA_HOME/),
  });
});
