import { globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** A generated page: its path from the root and its Markdown. */
export interface Page {
  readonly path: string;
  readonly text: string;
}

export const root = new URL('../..', import.meta.url).pathname;

/** The workspace's packages: folder and name. */
export function packages(): readonly {
  readonly folder: string;
  readonly name: string;
  readonly description: string;
  readonly exports: Readonly<Record<string, { readonly types: string }>>;
}[] {
  return globSync(['*/package.json', '{binders,deployers}/*/package.json'], { cwd: root })
    .map((file) => ({
      folder: dirname(file),
      ...(JSON.parse(readFileSync(join(root, file), 'utf8')) as {
        name: string;
        description: string;
        exports: Record<string, { types: string }>;
      }),
    }))
    .toSorted((a, b) => a.name.localeCompare(b.name));
}

/** A Markdown table. */
export function table(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  return [line(headings), line(headings.map(() => '---')), ...rows.map(line)].join('\n');
}

function line(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|').replaceAll('\n', ' ')).join(' | ')} |`;
}
