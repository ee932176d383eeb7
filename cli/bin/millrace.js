#!/usr/bin/env node
// Plain JavaScript, so that a Node.js that is too old says so instead of failing on syntax. In a checkout it runs the sources, in an
// installed package what was built from them.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const needed = [24, 11];
const source = fileURLToPath(new URL('../src/main.ts', import.meta.url));

function isTooOld() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  return major < needed[0] || (major === needed[0] && minor < needed[1]);
}

function runSource() {
  const flags = ['--conditions=development', '--disable-warning=ExperimentalWarning'];
  const args = [...flags, source, ...process.argv.slice(2)];
  // Becoming the other process leaves none between it and whoever signals it. Windows has no such thing.
  if (process.platform !== 'win32') process.execve(process.execPath, [process.execPath, ...args], process.env);
  const child = spawn(process.execPath, args, { stdio: 'inherit' });
  // A terminal signals both; a supervisor signals only this process, so its signal is passed on and the end awaited.
  process.on('SIGINT', () => undefined);
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  child.on('exit', (code, signal) => {
    process.exitCode = code ?? (signal === 'SIGINT' ? 130 : 143);
  });
}

if (isTooOld()) {
  process.stderr.write(
    `millrace: needs Node.js ${needed.join('.')} or newer, and this is ${process.versions.node}. Next step: install a newer one, or run it as 'npx -p node@24 -p millrace millrace …'.\n`,
  );
  process.exitCode = 1;
} else if (existsSync(source)) runSource();
else await import('../dist/main.js');
