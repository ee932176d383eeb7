const unitMs: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** Milliseconds of `1s`, `500ms`, `2h`, `PT1M30S` or a plain number of milliseconds; `undefined` if it is none of these. */
export function parseDuration(text: string | number): number | undefined {
  if (typeof text === 'number') return Number.isFinite(text) ? text : undefined;
  const simple = /^([+-]?\d+(?:\.\d+)?)\s*(ns|us|ms|s|m|h|d)?$/i.exec(text.trim());
  if (simple) return Number(simple[1]) * unitMs[(simple[2] ?? 'ms').toLowerCase()]!;
  return parseIsoDuration(text.trim());
}

function parseIsoDuration(text: string): number | undefined {
  const iso = /^([+-])?P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?$/i.exec(text);
  if (!iso || /[PT]$/i.test(text)) return undefined;
  const [, sign, days, hours, minutes, seconds] = iso;
  const ms =
    Number(days ?? 0) * unitMs['d']! +
    Number(hours ?? 0) * unitMs['h']! +
    Number(minutes ?? 0) * unitMs['m']! +
    Number(seconds ?? 0) * 1000;
  return sign === '-' ? -ms : ms;
}

/** The shortest exact text for a number of milliseconds: `1s`, `1500ms`, `2h`. */
export function formatDuration(ms: number): string {
  if (ms === 0) return '0ms';
  for (const unit of ['d', 'h', 'm', 's']) {
    const size = unitMs[unit]!;
    if (ms % size === 0) return `${ms / size}${unit}`;
  }
  return `${ms}ms`;
}
