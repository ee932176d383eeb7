import { formatDuration } from './duration.ts';
import type { OptionSet, OptionSpec } from './spec.ts';

/** The default as users would write it; empty if there is none. */
export function defaultText(spec: OptionSpec): string {
  if (spec.defaultText !== undefined) return spec.defaultText;
  const value: unknown = spec.default;
  if (value === undefined) return '';
  if (typeof value === 'string') return value;
  if (spec.type === 'duration') return formatDuration(value as number);
  if (Array.isArray(value)) return value.join(',');
  if (typeof value === 'object')
    return Object.entries(value as object)
      .map((entry) => entry.join('='))
      .join('\\n');
  return JSON.stringify(value);
}

function typeText(spec: OptionSpec): string {
  if (spec.type === 'enum') return spec.values!.join('|');
  if (spec.type === 'list') return 'a,b,…';
  if (spec.type === 'map') return 'key=value lines';
  return spec.type;
}

function boundsText(spec: OptionSpec): string {
  const unit = spec.unit !== undefined && spec.type !== 'duration' ? ` ${spec.unit}` : '';
  if (spec.min !== undefined && spec.max !== undefined) return `${spec.min} to ${spec.max}${unit}`;
  if (spec.min !== undefined) return spec.min === 0 ? unit.trim() : `at least ${spec.min}${unit}`;
  if (spec.max !== undefined) return `at most ${spec.max}${unit}`;
  return unit.trim();
}

function facts(spec: OptionSpec): string {
  const found = [
    spec.required ? 'required' : '',
    boundsText(spec),
    defaultText(spec) === '' ? '' : `default: ${defaultText(spec)}`,
    spec.secret ? 'secret' : '',
  ].filter((each) => each !== '');
  return found.length === 0 ? '' : ` (${found.join('; ')})`;
}

/** Lines for `--help`: the short form, what it takes, what it does, its bounds and default. */
export function optionHelp(specs: OptionSet): string {
  const rows = Object.values(specs).map(
    (spec) => [`--${nameShown(specs, spec)}=<${typeText(spec)}>`, spec.doc + facts(spec)] as const,
  );
  const width = Math.min(44, Math.max(0, ...rows.map(([left]) => left.length)));
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`).join('\n');
}

function nameShown(specs: OptionSet, spec: OptionSpec): string {
  const sharing = Object.values(specs).filter((other) => other.shortName === spec.shortName);
  return sharing.length === 1 ? spec.shortName : spec.name;
}

/** A Markdown table of all options: name, type, default, meaning. */
export function optionMarkdown(specs: OptionSet): string {
  const rows = Object.values(specs).map((spec) => {
    const cells = [`\`${spec.name}\``, typeText(spec), defaultText(spec) === '' ? '' : `\`${defaultText(spec)}\``, docCell(spec)];
    return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  });
  return ['| Option | Type | Default | Meaning |', '|---|---|---|---|', ...rows].join('\n');
}

function docCell(spec: OptionSpec): string {
  const notes = [
    spec.required ? 'Required.' : '',
    boundsText(spec) === '' ? '' : `Bounds or unit: ${boundsText(spec)}.`,
    spec.aliases.length === 0 ? '' : `Also \`${spec.aliases.join('`, `')}\`.`,
    spec.secret ? 'Masked in every output.' : '',
  ];
  return [spec.doc, ...notes].filter((each) => each !== '').join(' ');
}
