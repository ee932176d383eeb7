// Memory and speed of `http | transform | log`, a process per app, made of Spring's applications and of ours, on the same broker at
// the same time: npm run interop -- --compare [--broker NAME]. Prints a table; everything that is sent is checked in the log.
import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { appProperties } from './harness/bindings.ts';
import { Broker, kinds } from './harness/broker.ts';
import type { BrokerName } from './harness/broker.ts';
import { Child } from './harness/child.ts';
import type { JavaApp } from './harness/java.ts';
import { configured } from './harness/ours.ts';
import { startBrokers } from './harness/setup.ts';

const warmUp = 5000;
const events = 5000;
const rounds = 3;
const idleMs = 10_000;
const latencySeconds = 10;
const filler = 'x'.repeat(180);
const main = join(import.meta.dirname, '../cli/dist/main.js');

/** A running stream. */
interface Stream {
  readonly name: string;
  readonly port: number;
  /** The processes of its apps. */
  readonly pids: readonly number[];
  /** Tells of every line of the sink. */
  onLine(listener: (line: string) => void): void;
  stop(): Promise<void>;
}

async function springStream(broker: Broker, name: string, machine?: readonly string[]): Promise<Stream> {
  const start = (module: string, ends: Parameters<typeof appProperties>[1], options: Record<string, string> = {}): JavaApp =>
    broker.start(module, { ...appProperties(name, ends), ...options }, machine);
  const [received, transformed] = [`${name}.http`, `${name}.transform`];
  const apps = [
    start('http', { to: received }),
    start('transform', { from: received, to: transformed }, { 'spel.function.expression': "payload + '!'" }),
    start('log', { from: transformed }),
  ];
  const [port] = await Promise.all(apps.map(async (app) => app.ready()));
  return {
    name,
    port: port!,
    pids: apps.map(({ pid }) => pid),
    onLine: (listener) => apps[2]!.onLine(listener),
    stop: async () => void (await Promise.all(apps.map(async (app) => app.stop()))),
  };
}

async function ourStream(broker: Broker): Promise<Stream> {
  const [cwd, remove] = configured(broker);
  const definition = `ours = http --port=0 | transform --expression="payload + '!'" | log`;
  const command = new Child('millrace', process.execPath, [main, 'run', '--no-fuse', definition], { cwd });
  const [line] = await command.lines.take(1, (text) => text.includes('Listening on'));
  return {
    name: 'ours',
    port: Number(/:(\d+)\//.exec(line!)![1]),
    pids: childrenOf(command.pid),
    onLine: (listener) => command.onLine(listener),
    stop: async () => {
      await command.stop();
      remove();
    },
  };
}

function childrenOf(pid: number): readonly number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').map(Number);
}

/** Resident memory in MiB. */
function memoryOf(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) / 1024;
}

/** Posts numbered events and watches the log for them. */
class Load {
  readonly #stream: Stream;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 32 });
  readonly #missing = new Map<number, number>();
  #next = 0;
  #arrived: ((latencyMs: number) => void) | undefined;

  constructor(stream: Stream) {
    this.#stream = stream;
    stream.onLine((line) => {
      const number = /event (\d+) x+!$/.exec(line)?.[1];
      const sent = number === undefined ? undefined : this.#missing.get(Number(number));
      if (sent === undefined) return;
      this.#missing.delete(Number(number));
      this.#arrived?.(performance.now() - sent);
    });
  }

  /** Events a second, from the first request to the last line of the log. */
  async throughput(count: number): Promise<number> {
    const begin = performance.now();
    const all = this.#expect(count);
    let left = count;
    const lane = async (): Promise<void> => {
      while (left-- > 0) await this.#post();
    };
    await Promise.all(Array.from({ length: 32 }, lane));
    await all;
    return (count * 1000) / (performance.now() - begin);
  }

  /** Milliseconds from request to log line, sorted, at a steady rate. */
  async latencies(perSecond: number, seconds: number): Promise<readonly number[]> {
    const count = Math.floor(perSecond * seconds);
    const latencies: number[] = [];
    const all = this.#expect(count, latencies);
    const begin = performance.now();
    const posts: Promise<void>[] = [];
    for (let index = 0; index < count; index++) {
      const wait = begin + (index * 1000) / perSecond - performance.now();
      if (wait > 1) await sleep(wait);
      posts.push(this.#post());
    }
    await Promise.all(posts);
    await all;
    return latencies.toSorted((a, b) => a - b);
  }

  close(): void {
    this.#agent.destroy();
  }

  async #expect(count: number, latencies: number[] = []): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#arrived = (latency) => {
      latencies.push(latency);
      if (latencies.length === count) resolve();
    };
    const late = sleep(120_000, undefined, { ref: false }).then(() => {
      throw new Error(`${this.#stream.name}: ${count - latencies.length} of ${count} events did not reach the log`);
    });
    await Promise.race([promise, late]);
  }

  async #post(): Promise<void> {
    const number = this.#next++;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const headers = { 'content-type': 'text/plain' };
    this.#missing.set(number, performance.now());
    const asking = request(
      { port: this.#stream.port, host: '127.0.0.1', method: 'POST', agent: this.#agent, headers },
      (answer) => {
        answer.resume().on('end', () => (answer.statusCode === 202 ? resolve() : reject(new Error(`status ${answer.statusCode}`))));
      },
    );
    asking.on('error', reject).end(`event ${number} ${filler}`);
    return promise;
  }
}

interface Figures {
  readonly idle: readonly number[];
  readonly rate: number;
  readonly latencies: readonly number[];
  readonly loaded: readonly number[];
}

async function measure(streams: readonly Stream[]): Promise<readonly Figures[]> {
  await sleep(idleMs);
  const idle = streams.map(({ pids }) => pids.map(memoryOf));
  const loads = streams.map((stream) => new Load(stream));
  for (const load of loads) await load.throughput(warmUp);
  const rates = streams.map(() => 0);
  for (let round = 0; round < rounds; round++)
    for (const [index, load] of loads.entries()) rates[index] = Math.max(rates[index]!, await load.throughput(events));
  const latencies: (readonly number[])[] = [];
  for (const load of loads) latencies.push(await load.latencies(Math.min(...rates) / 2, latencySeconds));
  for (const load of loads) load.close();
  return streams.map(({ pids }, index) => ({
    idle: idle[index]!,
    rate: rates[index]!,
    latencies: latencies[index]!,
    loaded: pids.map(memoryOf),
  }));
}

/** The sum with its parts. */
function shown(list: readonly number[]): string {
  const sum = list.reduce((total, each) => total + each, 0);
  return `${sum.toFixed(0)} (${list.map((each) => each.toFixed(0)).join(' + ')})`;
}

function row(name: string, { idle, rate, latencies, loaded }: Figures): string {
  const at = (share: number): string => latencies[Math.floor(latencies.length * share)]!.toFixed(1);
  return `| ${name} | ${shown(idle)} | ${shown(loaded)} | ${rate.toFixed(0)} | ${at(0.5)} / ${at(0.99)} |`;
}

const name = (process.env['MILLRACE_INTEROP_BROKERS'] ?? 'kafka') as BrokerName;
if (!Object.hasOwn(kinds, name)) throw new Error(`'${name}' is no broker; the brokers are: ${Object.keys(kinds).join(', ')}`);
const { brokers, stop } = await startBrokers([name]);
const broker = new Broker(name, brokers[name]!);
const starts = [
  async () => springStream(broker, 'spring', []),
  async () => springStream(broker, 'spring-128m'),
  async () => ourStream(broker),
];
const streams: Stream[] = [];
try {
  for (const start of starts) streams.push(await start());
  const figures = await measure(streams);
  // `spring` runs with what Java chooses by itself, `spring-128m` with a heap of 128 MB and the simplest collector and compiler.
  const titles = [
    '`http \\| transform \\| log` on ' + name,
    'idle, MiB',
    'after load, MiB',
    'events/s',
    'ms p50 / p99 at half load',
  ];
  console.log(`| ${titles.join(' | ')} |\n|---|---|---|---|---|`);
  for (const [index, each] of figures.entries()) console.log(row(streams[index]!.name, each));
} finally {
  await Promise.all(streams.map(async (stream) => stream.stop()));
  await stop();
}
