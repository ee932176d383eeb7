import { Option } from 'commander';
import type { Sandbox } from '@millrace/sandbox';

/** What every command about a sandbox takes. */
export interface DirectoryFlag {
  readonly dir: string;
}

export function directoryOption(): Option {
  return new Option('--dir <directory>', 'where the servers live').default('.millrace/sandbox');
}

/** The sandbox of a command; its package is loaded here, so that other commands do not pay for it. */
export async function openSandbox({ dir }: DirectoryFlag): Promise<Sandbox> {
  return (await import('@millrace/sandbox')).sandbox.open(dir);
}
