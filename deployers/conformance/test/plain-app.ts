import type { LogLine } from '@millrace/deployer-contract';

/** How a simulated app is started. */
export interface PlainStart {
  readonly index: number;
  readonly properties: Readonly<Record<string, string>>;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

type Listener = () => void;
let lastPid = 1000;

/** What the kit's test app does, without a process. */
export class PlainApp {
  readonly lines: Omit<LogLine, 'instance'>[] = [];
  readonly pid = ++lastPid;
  state: 'starting' | 'up' | 'unwell' | 'ended' = 'starting';
  exitCode: number | undefined;
  readonly #start: PlainStart;
  readonly #changed: Listener;
  readonly #timers: NodeJS.Timeout[] = [];

  constructor(start: PlainStart, changed: Listener) {
    this.#start = start;
    this.#changed = changed;
    const { index, args, properties, env } = start;
    this.#say(`kit-given ${JSON.stringify({ index, pid: this.pid, args, properties, env })}`);
    this.#say('kit-error-output', 'stderr');
    for (let line = 1; line <= (this.#number('lines') ?? 0); line++) this.#say(`kit-line ${line}`);
    if (this.#isMeant && properties['kit.fail-at-start'] === 'true') {
      this.#say('kit-failing: this app was told to fail', 'stderr');
      setImmediate(() => this.#end(Number(properties['kit.exit-code'] ?? 1)));
      return;
    }
    this.#chatter(this.#number('chatter'));
    this.#later(this.#number('start-delay') ?? 5, () => this.#serve());
  }

  /** Ends it from outside. */
  end(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.state = 'ended';
  }

  #serve(): void {
    this.#say('kit-ready');
    this.#become('up');
    const { properties } = this.#start;
    this.#later(this.#number('kill-after'), () => this.#end(Number(properties['kit.exit-code'] ?? 1)));
    this.#later(this.#number('sick-after'), () => this.#become('unwell'));
    this.#later(this.#number('well-after'), () => this.#become('up'));
  }

  #chatter(ms: number | undefined, said = 1): void {
    this.#later(ms, () => {
      this.#say(`kit-chatter ${said}`);
      this.#chatter(ms, said + 1);
    });
  }

  #end(code: number): void {
    this.end();
    this.exitCode = code;
    this.#changed();
  }

  #become(state: PlainApp['state']): void {
    this.state = state;
    this.#changed();
  }

  #later(ms: number | undefined, task: Listener): void {
    if (ms !== undefined) this.#timers.push(setTimeout(task, ms));
  }

  #say(text: string, stream: LogLine['stream'] = 'stdout'): void {
    this.lines.push({ stream, text });
  }

  get #isMeant(): boolean {
    const chosen = this.#start.properties['kit.match-instances'];
    return chosen === undefined || chosen.split(',').map(Number).includes(this.#start.index);
  }

  #number(name: string): number | undefined {
    const text = this.#isMeant ? this.#start.properties[`kit.${name}`] : undefined;
    return text === undefined ? undefined : Number(text);
  }
}
