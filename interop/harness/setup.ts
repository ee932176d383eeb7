import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { sandbox } from '@millrace/sandbox';
import type { TestProject } from 'vitest/node';
import { kinds } from './broker.ts';
import type { BrokerName, BrokerSettings } from './broker.ts';
import { buildJars, jarFolder } from './jars.ts';
import { installClients } from './plain.ts';

const commandPackage = join(import.meta.dirname, '../../cli/package.json');

/** Running brokers with how to end them. */
export interface RunningBrokers {
  readonly brokers: Readonly<Partial<Record<BrokerName, BrokerSettings>>>;
  readonly stop: () => Promise<void>;
}

/** Prepares a run of tests: the applications, the clients, and the brokers that all files share. Resolves with how to end it. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const wanted = process.env['MILLRACE_INTEROP_BROKERS']?.split(',') ?? Object.keys(kinds);
  await installClients(say);
  const { brokers, stop } = await startBrokers(wanted as BrokerName[]);
  project.provide('brokers', brokers);
  return stop;
}

/** Builds the applications for these brokers and starts them. */
export async function startBrokers(names: readonly BrokerName[]): Promise<RunningBrokers> {
  for (const name of names) await buildJars(kinds[name].springBinder, say);
  const running = await Promise.all(names.map(async (name) => ({ name, server: await sandbox.start(name) })));
  const brokers: Partial<Record<BrokerName, BrokerSettings>> = {};
  for (const { name, server } of running) {
    const { addresses, spring, env } = server.settings;
    const { springBinder, package: ours } = kinds[name];
    brokers[name] = { addresses, spring, env, jars: jarFolder(springBinder), isOurs: isInstalled(ours) };
  }
  return { brokers, stop: async () => void (await Promise.all(running.map(async ({ server }) => server.stop()))) };
}

function say(text: string): void {
  process.stderr.write(`interop: ${text}\n`);
}

/** Whether the command can choose a binder of that package. */
function isInstalled(name: string): boolean {
  const { dependencies } = JSON.parse(readFileSync(commandPackage, 'utf8')) as { dependencies: Record<string, string> };
  return dependencies[name] !== undefined;
}
