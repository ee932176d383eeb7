// Runs the app that its arguments name, on the data directory of the environment or, without one, on a broker in the memory of this
// process: an entry for tests of nodeSpawner.
import { embeddedBinder } from '@millrace/binder-embedded';
import { createRuntime } from '@millrace/messaging';
import { Catalogue, runApp } from '../../src/index.ts';
import type { AppKind } from '../../src/index.ts';

const [kind, name] = process.argv.slice(2) as [AppKind, string];
const connect = () =>
  Promise.resolve(
    createRuntime({
      binders: () => Promise.resolve(embeddedBinder({ memory: process.env['MILLRACE_DATA_DIR'] === undefined })),
      defaultBinder: 'embedded',
      handleSignals: false,
    }),
  );
try {
  await runApp(new Catalogue().require(kind, name), { args: [], connect });
} catch (error) {
  process.stderr.write(`${String(error)}\n`);
  process.exitCode = 3;
}
process.disconnect();
