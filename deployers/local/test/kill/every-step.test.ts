import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { processesWith } from '@millrace/processes';
import { describe, expect, it, onTestFinished } from 'vitest';
import { LocalDeployer } from '../../src/index.ts';
import { temporaryDirectory } from '../temporary.ts';
import { sleeper } from './sleeper.ts';

type Operation = 'deploy' | 'scale' | 'undeploy';

const program = fileURLToPath(new URL('server-process.ts', import.meta.url));
const farBeyondTheEnd = 300;

/** Runs an operation in a server that is killed before its n-th step. True if it came to its end. */
async function killedAt(directory: string, operation: Operation, count: number, step: number): Promise<boolean> {
  const flags = ['--conditions=development', '--disable-warning=ExperimentalWarning'];
  const args = [...flags, program, directory, operation, String(count), String(step)];
  const server = spawn(process.execPath, args, { stdio: ['ignore', 'inherit', 'inherit'] });
  const [code, signal] = (await once(server, 'exit')) as [number | null, string | null];
  if (signal === 'SIGKILL') return false;
  expect(code).toBe(0);
  return true;
}

async function perform(deployer: LocalDeployer, operation: Operation, count: number): Promise<void> {
  if (operation === 'deploy') await deployer.deploy(sleeper(count));
  else if (operation === 'scale') await deployer.scale('sleeper', count);
  else await deployer.undeploy('sleeper');
}

/** The processes that run, however many records know of them. */
function running(directory: string): number {
  return processesWith(`MILLRACE_DEPLOYER=${realpathSync(directory)}`).filter(({ pid }) => pid !== process.pid).length;
}

async function opened<T>(directory: string, work: (deployer: LocalDeployer) => Promise<T>): Promise<T> {
  const deployer = new LocalDeployer({ directory });
  await deployer.open();
  try {
    return await work(deployer);
  } finally {
    await deployer.close();
  }
}

async function expectRunning(deployer: LocalDeployer, directory: string, count: number): Promise<void> {
  const state = count === 0 ? 'unknown' : 'deployed';
  await expect.poll(async () => (await deployer.status('sleeper')).state, { timeout: 10_000 }).toBe(state);
  await expect.poll(() => running(directory), { timeout: 10_000 }).toBe(count);
  expect((await deployer.status('sleeper')).wanted).toBe(count);
}

const cases: readonly (readonly [Operation, before: number, after: number])[] = [
  ['deploy', 0, 2],
  ['scale', 1, 2],
  ['scale', 2, 1],
  ['undeploy', 1, 0],
];

describe('a server that is killed at any step', () => {
  it.each(cases)(
    'of %s from %d to %d instances leaves nothing that the next one cannot bring to its end',
    async (operation, before, after) => {
      const directory = join(temporaryDirectory(), 'state');
      onTestFinished(() => opened(directory, (deployer) => deployer.undeploy('sleeper')));
      let kills = 0;
      for (let step = 1; step < farBeyondTheEnd; step++) {
        await opened(directory, async (deployer) => {
          await (before === 0 ? deployer.undeploy('sleeper') : deployer.deploy(sleeper(before)));
          await expectRunning(deployer, directory, before);
        });
        const isThrough = await killedAt(directory, operation, after, step);
        await opened(directory, async (deployer) => {
          for (const id of await deployer.list()) expect(id).toBe('sleeper');
          await perform(deployer, operation, after);
          await expectRunning(deployer, directory, after);
        });
        if (isThrough) break;
        kills++;
      }
      expect(kills).toBeGreaterThan(5);
      if (after === 0) expect(readdirSync(join(directory, 'deployments'))).toEqual([]);
    },
    120_000,
  );
});
