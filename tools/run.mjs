// Brings the installation up to date, then runs the rest of the command line on the pinned Node:
//   node tools/run.mjs SCRIPT [ARG …]
// Plain JavaScript on purpose: it must start on any Node >= 20, before anything is installed.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const nodeBin = join(root, 'node_modules', 'node', 'bin');
const node = join(nodeBin, process.platform === 'win32' ? 'node.exe' : 'node');
const stamp = join(root, 'node_modules', '.installed');

function lockDigest() {
  return createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex');
}

function install() {
  const digest = lockDigest();
  if (existsSync(node) && existsSync(stamp) && readFileSync(stamp, 'utf8') === digest) return;
  process.stderr.write('millrace: installing the pinned dependencies …\n');
  const npm = process.env.npm_execpath;
  const [command, args] = npm ? [process.execPath, [npm]] : ['npm', []];
  const result = spawnSync(command, [...args, 'ci', '--loglevel=error'], { cwd: root, stdio: ['ignore', 2, 2] });
  if (result.status !== 0) {
    process.stderr.write(
      'millrace: installation failed (see above). Next step: check access to the npm registry, then run the command again.\n',
    );
    process.exit(result.status ?? 1);
  }
  writeFileSync(stamp, digest);
}

install();
const [script, ...args] = process.argv.slice(2);
const env = { ...process.env, PATH: `${nodeBin}${process.platform === 'win32' ? ';' : ':'}${process.env.PATH ?? ''}` };
const child = spawn(node, ['--conditions=development', '--disable-warning=ExperimentalWarning', script, ...args], {
  stdio: 'inherit',
  env,
});
// A terminal signals the whole group; a supervisor signals only us, so pass its signal on and wait for the drain.
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => signal === 'SIGTERM' && child.kill(signal));
child.on('exit', (code, signal) => process.exit(signal ? 128 + (signal === 'SIGINT' ? 2 : 15) : (code ?? 1)));
