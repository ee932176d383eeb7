import { Child } from './child.ts';

/** Options of a Java machine that is small and quick to start: a test starts many. */
export const smallMachine = ['-Xms32m', '-Xmx128m', '-Xss512k', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1'];
/** Clients print their whole configuration otherwise. */
const quiet = { 'logging.level.org.apache.kafka': 'WARN' };
const readyMs = 120_000;

/** A Spring application in a process of its own. */
export class JavaApp extends Child {
  constructor(title: string, jar: string, properties: Readonly<Record<string, string>>, machine: readonly string[] = smallMachine) {
    const args = Object.entries({ ...quiet, ...properties }).map(([name, value]) => `--${name}=${value}`);
    super(title, 'java', [...machine, '-jar', jar, ...args]);
  }

  /** The errors among its last lines, without stack traces. */
  get errors(): string {
    return this.tail.filter((line) => / ERROR |Exception/.test(line) && !/^\s+at /.test(line)).join('\n');
  }

  /** Resolves with the port of its endpoints when everything is bound. */
  async ready(): Promise<number> {
    const ended = this.gone.then(() => {
      throw new Error(`${this.title} ended before it was ready:\n${this.tail.slice(-60).join('\n')}`);
    });
    return Promise.race([this.#started(), ended]);
  }

  async #started(): Promise<number> {
    const [port] = await this.lines.take(1, (line) => /(?:Tomcat|Netty) started on port/.test(line), readyMs);
    await this.lines.take(1, (line) => /Started \w+ in [\d.]+ seconds/.test(line), readyMs);
    return Number(/port (\d+)/.exec(port!)![1]);
  }
}
