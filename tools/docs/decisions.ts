import { globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { root, table } from './page.ts';
import type { Page } from './page.ts';

/** The index of decision records with their status. */
export function decisionIndex(): Page {
  const rows = globSync('docs/decisions/0*.md', { cwd: root })
    .toSorted()
    .map((file) => {
      const text = readFileSync(join(root, file), 'utf8');
      const title = /^# (\d+)\. (.+)$/m.exec(text);
      const status = /^Status: (\w+) · (\d{4}-\d{2}-\d{2})$/m.exec(text);
      if (!title || !status) throw new Error(`${file}: a decision begins with '# N. Title' and 'Status: word · date'`);
      return [title[1]!, `[${title[2]!}](${basename(file)})`, status[1]!, status[2]!];
    });
  return { path: 'docs/decisions/README.md', text: `# Decisions\n\n${table(['No.', 'Decision', 'Status', 'Date'], rows)}` };
}
