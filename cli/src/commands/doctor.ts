import { access, constants, statfs } from 'node:fs/promises';
import { resolve } from 'node:path';
import { styleText } from 'node:util';
import type { Command } from 'commander';
import { messageOf } from '@millrace/core';
import { makeDirectory } from '@millrace/core/files';
import type { Diagnosis } from '@millrace/messaging/binder';
import { findConfigFile, loadConfig } from '../config.ts';
import { connectOptions, contextOf } from '../context.ts';
import type { CommandContext } from '../context.ts';
import { connect } from '../connect.ts';

const marks = { ok: styleText('green', '✓'), warning: styleText('yellow', '!'), failed: styleText('red', '✗') } as const;
const lowSpaceBytes = 256 * 1024 * 1024;

export function addDoctorCommand(program: Command): void {
  program
    .command('doctor')
    .description('Check this installation, its configuration and its binders, and say what to do about what is wrong.')
    .action(async (_, command: Command) => {
      const context = contextOf(command);
      const findings = [checkNode(), ...(await checkConfig(context)), ...(await checkBinder(context))];
      for (const finding of findings) context.output.record(finding, () => formatFinding(finding));
      if (findings.some(({ status }) => status === 'failed')) process.exitCode = 1;
    });
}

function formatFinding({ check, status, detail, next }: Diagnosis): string {
  return `${marks[status]} ${check}: ${detail}${next === undefined ? '' : `\n    next: ${next}`}`;
}

function checkNode(): Diagnosis {
  const [major, minor] = process.versions.node.split('.').map(Number) as [number, number];
  const good = major > 24 || (major === 24 && minor >= 11);
  return {
    check: 'Node.js',
    status: good ? 'ok' : 'failed',
    detail: process.versions.node,
    ...(good ? {} : { next: 'install Node.js 24.11 or newer' }),
  };
}

async function checkConfig({ globals }: CommandContext): Promise<readonly Diagnosis[]> {
  const file = globals.config ?? findConfigFile(process.cwd());
  try {
    const config = await loadConfig(globals.config, process.env);
    const dataDir = resolve(globals.dataDir ?? config.dataDir ?? '.millrace');
    const embedded = (globals.binder ?? config.binder ?? 'embedded') === 'embedded';
    const found: Diagnosis = { check: 'configuration', status: 'ok', detail: file ?? 'no millrace.config.* here; defaults apply' };
    return embedded ? [found, await checkDirectory(dataDir)] : [found];
  } catch (error) {
    return [{ check: 'configuration', status: 'failed', detail: messageOf(error) }];
  }
}

async function checkDirectory(directory: string): Promise<Diagnosis> {
  const check = 'data directory';
  try {
    makeDirectory(directory);
    await access(directory, constants.R_OK | constants.W_OK);
    const { bavail, bsize } = await statfs(directory);
    const free = bavail * bsize;
    const detail = `${directory}, ${(free / 1e9).toFixed(1)} GB free`;
    return free < lowSpaceBytes
      ? { check, status: 'warning', detail, next: 'free some space; publishers are refused when the disk is full' }
      : { check, status: 'ok', detail };
  } catch (error) {
    return { check, status: 'failed', detail: messageOf(error), next: 'choose a directory that you may write to with --data-dir' };
  }
}

async function checkBinder({ globals }: CommandContext): Promise<readonly Diagnosis[]> {
  const begin = performance.now();
  try {
    await using mr = await connect(connectOptions(globals));
    const { name, capabilities, raw } = await mr.binder();
    const detail = `opened in ${(performance.now() - begin).toFixed(0)} ms; an acknowledged message survives: ${capabilities.durability}`;
    return [{ check: `binder ${name}`, status: 'ok', detail }, ...((await raw.diagnose?.()) ?? [])];
  } catch (error) {
    return [{ check: 'binder', status: 'failed', detail: messageOf(error) }];
  }
}
