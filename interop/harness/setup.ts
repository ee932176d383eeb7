import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { sandbox } from '@millrace/sandbox';
import type { TestProject } from 'vitest/node';
import { kinds } from './broker.ts';
import type { BrokerName, BrokerSettings } from './broker.ts';
import { buildJars, jarFolder } from './jars.ts';
import { installClients } from './plain.ts';

const commandPackage = join(import.meta.dirname, '../../cli/package.json');

/** Builds the applications and starts the brokers, once for all test files. Resolves with how to end it. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const wanted = (process.env['MILLRACE_INTEROP_BROKERS'] ?? Object.keys(kinds).join(',')).split(',') as BrokerName[];
  await installClients(say);
  for (const name of wanted) await buildJars(kinds[name].springBinder, say);
  const running = await Promise.all(wanted.map(async (name) => ({ name, server: await sandbox.start(name) })));
  const brokers: Partial<Record<BrokerName, BrokerSettings>> = {};
  for (const { name, server } of running) {
    const { addresses, spring, env } = server.settings;
    brokers[name] = { addresses, spring, env, jars: jarFolder(kinds[name].springBinder), isOurs: isInstalled(kinds[name].package) };
  }
  project.provide('brokers', brokers);
  return async () => void (await Promise.all(running.map(async ({ server }) => server.stop())));
}

function say(text: string): void {
  process.stderr.write(`interop: ${text}\n`);
}

/** Whether the command can choose a binder of that package. */
function isInstalled(name: string): boolean {
  const { dependencies } = JSON.parse(readFileSync(commandPackage, 'utf8')) as { dependencies: Record<string, string> };
  return dependencies[name] !== undefined;
}
