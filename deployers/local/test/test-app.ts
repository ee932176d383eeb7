import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { testAppPath } from '@millrace/deployer-conformance';
import type { AppResource } from '@millrace/deployer-contract';

/** The kit's test app as an executable file. */
export function testAppIn(directory: string): AppResource {
  const path = join(directory, 'test-app');
  writeFileSync(path, `#!${process.execPath}\nimport(${JSON.stringify(testAppPath)});\n`);
  chmodSync(path, 0o755);
  return { kind: 'executable', path };
}
