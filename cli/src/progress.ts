import { stripVTControlCharacters, styleText } from 'node:util';
import type { PipelineProgress } from '@millrace/apps';

/** How long what is drawn stays at least, in milliseconds, so that many lines of output do not make it flicker. */
const calmMs = 100;

/** Draws how far pipelines are, in place, below what else appears on a terminal. Rates are of the time since the last drawing. */
export class ProgressView {
  readonly #out: NodeJS.WriteStream;
  readonly #last = new Map<string, { readonly out: number; readonly at: number }>();
  #lines: readonly string[] = [];
  /** Lines that are on the screen now. */
  #shown = 0;
  #drawnAt = -Infinity;

  constructor(out: NodeJS.WriteStream) {
    this.#out = out;
  }

  draw(pipelines: readonly PipelineProgress[]): void {
    // A line that wraps, or one scrolled away, could not be drawn over again.
    const all = pipelines.flatMap((pipeline) => this.#pipelineLines(pipeline));
    this.#lines = all
      .slice(0, Math.max(1, (this.#out.rows || Infinity) - 1))
      .map((line) => shorten(line, this.#out.columns || Infinity));
    this.#show();
  }

  /** Lets something else write lines to the terminal: what is drawn makes room and comes back below them. */
  besides(write: () => void): void {
    if (this.#shown > 0) this.#out.write(`\u001b[${this.#shown}A\u001b[J`);
    this.#shown = 0;
    write();
    if (performance.now() - this.#drawnAt >= calmMs) this.#show();
  }

  #show(): void {
    const up = this.#shown > 0 ? `\u001b[${this.#shown}A` : '';
    this.#out.write(`${up}${this.#lines.map((line) => `\u001b[2K${line}\n`).join('')}`);
    this.#shown = this.#lines.length;
    this.#drawnAt = performance.now();
  }

  #pipelineLines({ name, apps, done }: PipelineProgress): readonly string[] {
    const width = Math.max(...apps.map(({ label }) => label.length));
    const rows = apps.map((app) => {
      const handled = Math.max(app.in, app.out);
      const rate = this.#rate(`${name}.${app.label}`, handled);
      const lag = app.lag === undefined ? '' : `  lag ${app.lag}`;
      const trouble = app.failed + app.parked > 0 ? styleText('yellow', `  failed ${app.failed}  parked ${app.parked}`) : '';
      return `  ${app.label.padEnd(width)}  ${amount('in', app.in, app.kind !== 'source')}  ${amount('out', app.out, app.kind !== 'sink')}  ${rate.padStart(10)}${lag}${trouble}`;
    });
    return [styleText('bold', `${name}${done ? ' ✓' : ''}`), ...rows];
  }

  #rate(key: string, handled: number): string {
    const now = performance.now();
    const last = this.#last.get(key);
    this.#last.set(key, { out: handled, at: now });
    if (last === undefined || now - last.at < 1) return '';
    return `${Math.round(((handled - last.out) * 1000) / (now - last.at))}/s`;
  }
}

/** A count; blank where the app has no such side. */
function amount(name: string, count: number, applies: boolean): string {
  const text = `${name} ${String(count).padStart(9)}`;
  return applies ? text : ' '.repeat(text.length);
}

/** The beginning of a line that may hold colours, as wide as the terminal. */
function shorten(line: string, columns: number): string {
  const plain = stripVTControlCharacters(line);
  return plain.length < columns ? line : `${plain.slice(0, columns - 2)}…`;
}
