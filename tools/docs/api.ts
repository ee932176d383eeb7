import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { packages, root } from './page.ts';
import type { Page } from './page.ts';

interface Declaration {
  readonly name: string;
  readonly comment: string;
  readonly code: string;
}

/** A page per package entry: its public names with their declarations and doc comments, from the built type files. */
export function apiPages(): readonly Page[] {
  return packages().flatMap(({ folder, name, description, exports }) =>
    Object.entries(exports).map(([subpath, { types }]) => {
      const declarations = exportedFrom(join(root, folder, types)).toSorted((a, b) => a.name.localeCompare(b.name));
      const title = subpath === '.' ? name : `${name}/${subpath.slice(2)}`;
      const silent = declarations.filter(({ comment }) => comment === '').map((item) => item.name);
      if (silent.length > 0) throw new Error(`${name}: public names without a doc comment: ${silent.join(', ')}; say what each is`);
      const sections = declarations.map((item) => `## ${item.name}\n\n${item.comment}\n\n\`\`\`typescript\n${item.code}\n\`\`\``);
      const file = title.replace('@millrace/', '').replaceAll('/', '-');
      return { path: `docs/reference/api/${file}.md`, text: `# ${title}\n\n${description}\n\n${sections.join('\n\n')}` };
    }),
  );
}

function exportedFrom(file: string, wanted?: ReadonlySet<string>): readonly Declaration[] {
  if (!existsSync(file)) throw new Error(`${file} is missing; build first`);
  const text = readFileSync(file, 'utf8');
  const own = declarationsIn(text).filter(({ name }) => wanted === undefined || wanted.has(name));
  const lists = [...text.matchAll(/^export (?:type )?(\{[^}]*\}|\*) from '([^']+)';/gm)].flatMap(([, names, specifier]) => {
    if (!specifier!.startsWith('.')) return [];
    const target = resolve(dirname(file), specifier!.replace(/\.ts$/, '.d.ts').replace(/\.js$/, '.d.ts'));
    return exportedFrom(target, names === '*' ? wanted : narrowed(names!, wanted));
  });
  return [...own, ...lists];
}

function narrowed(list: string, wanted: ReadonlySet<string> | undefined): ReadonlySet<string> {
  const names = list
    .replace(/[{}]/g, '')
    .split(',')
    .map((name) =>
      name
        .trim()
        .replace(/^type /, '')
        .split(' as ')
        .at(-1)!,
    )
    .filter((name) => name !== '');
  return new Set(names.filter((name) => wanted === undefined || wanted.has(name)));
}

const declarationStart = /^export (?:declare )?(?:abstract )?(?:const|function|class|interface|type) (\w+)/;

function declarationsIn(text: string): readonly Declaration[] {
  const lines = text.split('\n');
  const found: Declaration[] = [];
  let comment: string[] = [];
  for (let index = 0; index < lines.length; index++) {
    const line = lines[index]!;
    if (line.startsWith('/**')) {
      const end = lines.findIndex((candidate, at) => at >= index && candidate.includes('*/'));
      comment = lines.slice(index, end + 1);
      index = end;
      continue;
    }
    const name = declarationStart.exec(line)?.[1];
    if (name !== undefined) {
      const end = endOfDeclaration(lines, index);
      found.push({ name, comment: plain(comment), code: lines.slice(index, end + 1).join('\n') });
      index = end;
    }
    comment = [];
  }
  return found;
}

function endOfDeclaration(lines: readonly string[], start: number): number {
  if (/[;}]$/.test(lines[start]!) && !lines[start]!.endsWith('{')) return start;
  const end = lines.findIndex((line, index) => index > start && /^[^\s]/.test(line) && /[;}]\s*$/.test(line));
  return end === -1 ? start : end;
}

function plain(comment: readonly string[]): string {
  return comment
    .map((line) => line.replace(/^\s*\/?\*+\/?\s?/, '').replace(/\s*\*\/$/, ''))
    .join('\n')
    .trim()
    .replace(/\{@link (\w+(?:\.\w+)?)\}/g, '`$1`');
}
