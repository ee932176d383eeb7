import { bootMetadata, optionMarkdown, visibleNames } from '@millrace/core';
import type { BootMetadata } from '@millrace/core';
import type { Catalogue } from './catalogue.ts';
import type { AppDefinition } from './runtime/define.ts';

const pluralKinds = { source: 'Sources', processor: 'Processors', sink: 'Sinks' } as const;

/** The reference page of an app in Markdown: what it does, an example, its options, how it differs from its model. */
export function appMarkdown(app: AppDefinition): string {
  const parts = [`# ${app.name} (${app.kind})`, app.description];
  if (app.example !== undefined) parts.push(`\`\`\`\n${app.example}\n\`\`\``);
  const hasOptions = Object.keys(app.options).length > 0;
  parts.push('## Options', hasOptions ? optionMarkdown(app.options) : 'None.');
  if (app.differences.length > 0) {
    const rows = app.differences.map(({ what, why }) => `| ${cell(what)} | ${cell(why)} |`);
    parts.push('## Differences from the Spring app', ['| What | Why |', '|---|---|', ...rows].join('\n'));
  }
  return `${parts.join('\n\n')}\n`;
}

/** A list of all apps in Markdown, by kind. */
export function catalogueMarkdown(catalogue: Catalogue): string {
  const parts: string[] = [];
  for (const kind of ['source', 'processor', 'sink'] as const) {
    const apps = catalogue.list().filter((app) => app.kind === kind);
    const rows = apps.map((app) => `| \`${app.name}\` | ${cell(app.description)} |`);
    parts.push(`## ${pluralKinds[kind]}`, ['| App | Does |', '|---|---|', ...rows].join('\n'));
  }
  return `${parts.join('\n\n')}\n`;
}

/** The metadata of an app as SCDF's shell and dashboard read it: Spring Boot's JSON, and the file that lists the visible names. */
export function appMetadata(app: AppDefinition): { readonly json: BootMetadata; readonly visible: string } {
  return { json: bootMetadata(app.options), visible: visibleNames(app.options) };
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}
