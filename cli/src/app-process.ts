// Runs one app as a process of its own: kind and name are the arguments, its configuration comes as deployers hand it over.
import { Catalogue, runApp } from '@millrace/apps';
import type { AppKind } from '@millrace/apps';
import { connect } from './connect.ts';
import { formatError } from './output.ts';

const [kind, name] = process.argv.slice(2) as [AppKind, string];
try {
  await runApp(new Catalogue().require(kind, name), {
    args: [],
    connect: (properties) => connect({ properties, handleSignals: false }),
  });
} catch (error) {
  process.stderr.write(`${formatError(error, { json: false, debug: false })}\n`);
  process.exitCode = 1;
}
if (process.connected) process.disconnect();
