import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { Inbox } from './inbox.ts';

/** Small and quick to start: a test starts many. */
const machine = ['-Xms32m', '-Xmx128m', '-Xss512k', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1'];
/** Clients print their whole configuration otherwise. */
const quiet = { 'logging.level.org.apache.kafka': 'WARN' };
const tailLines = 500;
const readyMs = 120_000;

/** A Spring application in a process of its own. */
export class JavaApp implements AsyncDisposable {
  readonly lines: Inbox<string>;
  readonly #title: string;
  readonly #child: ChildProcess;
  readonly #tail: string[] = [];
  readonly #listeners: ((line: string) => void)[] = [];
  readonly #gone: Promise<unknown>;

  constructor(title: string, jar: string, properties: Readonly<Record<string, string>>) {
    this.#title = title;
    this.lines = new Inbox(`lines of ${title}`);
    const args = Object.entries({ ...quiet, ...properties }).map(([name, value]) => `--${name}=${value}`);
    this.#child = spawn('java', [...machine, '-jar', jar, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    const kill = (): void => void this.#child.kill('SIGKILL');
    process.once('exit', kill);
    this.#gone = once(this.#child, 'close').finally(() => process.off('exit', kill));
    for (const stream of [this.#child.stdout!, this.#child.stderr!]) createInterface(stream).on('line', (line) => this.#read(line));
  }

  get pid(): number {
    return this.#child.pid!;
  }

  /** The errors among its last lines, without stack traces. */
  get errors(): string {
    return this.#tail.filter((line) => / ERROR |Exception/.test(line) && !/^\s+at /.test(line)).join('\n');
  }

  /** Tells of every line from now on, in order. */
  onLine(listener: (line: string) => void): void {
    this.#listeners.push(listener);
  }

  /** Resolves with the port of its endpoints when everything is bound. */
  async ready(): Promise<number> {
    const ended = this.#gone.then(() => {
      throw new Error(`${this.#title} ended before it was ready:\n${this.#tail.slice(-60).join('\n')}`);
    });
    const started = (async () => {
      const [port] = await this.lines.take(1, (line) => /(?:Tomcat|Netty) started on port/.test(line), readyMs);
      await this.lines.take(1, (line) => /Started \w+ in [\d.]+ seconds/.test(line), readyMs);
      return Number(/port (\d+)/.exec(port!)![1]);
    })();
    return Promise.race([started, ended]);
  }

  /** Ends it in order, as a platform does. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) this.#child.kill(signal);
    await this.#gone;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  #read(line: string): void {
    this.#tail.push(line);
    if (this.#tail.length > tailLines) this.#tail.shift();
    if (process.env['MILLRACE_INTEROP_LOG']) process.stderr.write(`${this.#title}: ${line}\n`);
    this.lines.put(line);
    for (const listener of this.#listeners) listener(line);
  }
}
