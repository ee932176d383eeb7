// A server that ends as by kill -9 right before its n-th step that the world could notice: a write, a launch, a signal.
// Arguments: directory, operation, its number, n. Ends with 0 if it came to its end before that.
import childProcess from 'node:child_process';
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { LocalDeployer } from '../../src/index.ts';
import { sleeper } from './sleeper.ts';

const [directory, operation, count, at] = process.argv.slice(2) as [string, string, string, string];
let steps = 0;
const kill = process.kill.bind(process);

function counted(owner: object, name: string): void {
  const original = Reflect.get(owner, name) as (...args: unknown[]) => unknown;
  Reflect.set(owner, name, (...args: unknown[]) => {
    if (++steps === Number(at)) kill(process.pid, 'SIGKILL');
    return original.apply(owner, args);
  });
}

const deployer = new LocalDeployer({ directory });
await deployer.open();
for (const name of ['openSync', 'writeFileSync', 'renameSync', 'mkdirSync', 'rmSync', 'rmdirSync', 'closeSync']) counted(fs, name);
counted(childProcess, 'spawn');
counted(process, 'kill');
syncBuiltinESMExports();

if (operation === 'deploy') await deployer.deploy(sleeper(Number(count)));
else if (operation === 'scale') await deployer.scale('sleeper', Number(count));
else await deployer.undeploy('sleeper');
process.exit(0);
