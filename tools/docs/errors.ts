import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { errorCodes } from '@millrace/core';
import type { ErrorRow } from '@millrace/core';
import { packages, root, table } from './page.ts';
import type { Page } from './page.ts';

type Tables = Readonly<Record<string, Readonly<Record<string, ErrorRow>>>>;

/** Every reason of every package, from the tables that raise them. */
export async function errorPage(): Promise<Page> {
  const sections: string[] = [];
  for (const { folder, name } of packages()) {
    for (const rows of Object.values(await tablesOf(folder))) {
      const sorted = Object.entries(rows).toSorted(([a], [b]) => a.localeCompare(b));
      sections.push(
        `## ${name}\n\n${table(
          ['Reason', 'Code', 'Message', 'Try again'],
          sorted.map(([reason, row]) => [`\`${reason}\``, `\`${row.code}\``, row.message, row.retryable ? 'yes' : 'no']),
        )}`,
      );
    }
  }
  const codes = errorCodes.map((code) => `\`${code}\``).join(' ');
  const intro = `Every error is a \`MillraceError\` with a portable \`code\` and a precise \`reason\`. What a caller can do depends on the code alone; texts may change.\n\nCodes: ${codes}`;
  return { path: 'docs/reference/errors.md', text: `# Errors\n\n${intro}\n\n${sections.join('\n\n')}` };
}

async function tablesOf(folder: string): Promise<Tables> {
  const file = join(root, folder, 'src/errors.ts');
  if (!existsSync(file) || folder === 'core') return {};
  const module = (await import(pathToFileURL(file).href)) as Readonly<Record<string, unknown>>;
  const raisers = Object.entries(module).filter(([, value]) => typeof value === 'function' && 'table' in value);
  return Object.fromEntries(raisers.map(([name, value]) => [name, (value as { table: Record<string, ErrorRow> }).table]));
}
