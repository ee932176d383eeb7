// Runs apps as a process of their own. What a deployer started is told by the environment which apps those are; otherwise kind and name of
// one are the arguments. Its configuration comes as deployers hand it over.
import { Catalogue, runApps } from '@millrace/apps';
import type { AppKind, AppToRun, RunAppOptions } from '@millrace/apps';
import { readHostedApps } from '@millrace/deployer-contract';
import { connect } from './connect.ts';
import { loadHostedApps } from './hosted-apps.ts';
import { formatError } from './output.ts';

function namedApp(): readonly [AppToRun] {
  const [kind, name] = process.argv.slice(2) as [AppKind, string];
  return [{ definition: new Catalogue().require(kind, name) }];
}

try {
  const hosted = readHostedApps(process.env);
  const connected: Pick<RunAppOptions, 'connect'> = {
    connect: (properties) => connect({ properties, handleSignals: false }),
  };
  // What was deployed runs until it is undeployed, also when its source has no more.
  if (hosted === undefined) await runApps(namedApp(), { ...connected, args: [] });
  else await runApps(await loadHostedApps(hosted), { ...connected, stay: true });
} catch (error) {
  process.stderr.write(`${formatError(error, { json: false, debug: false })}\n`);
  process.exitCode = 1;
}
if (process.connected) process.disconnect();
