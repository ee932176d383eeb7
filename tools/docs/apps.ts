import { appMarkdown, Catalogue } from '@millrace/apps';
import { table } from './page.ts';
import type { Page } from './page.ts';

/** A page per stock app and their list, from the definitions that run. */
export function appPages(): readonly Page[] {
  const catalogue = new Catalogue().list();
  const rows = catalogue.map(({ name, kind, description }) => [`[${name}](${kind}-${name}.md)`, kind, description]);
  const index: Page = {
    path: 'docs/reference/apps/README.md',
    text: `# Stock apps\n\n${table(['App', 'Type', 'What it does'], rows)}`,
  };
  return [index, ...catalogue.map((app) => ({ path: `docs/reference/apps/${app.kind}-${app.name}.md`, text: appMarkdown(app) }))];
}
