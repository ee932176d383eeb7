import { fork } from 'node:child_process';
import { once } from 'node:events';
import { command, connect } from 'millrace';
import { rate, verify } from '../harness.ts';
import type { Case } from '../harness.ts';
import { requirePeer, startRedis } from '../redis.ts';

const inFlight = 100;
const ours = 60_000;
const theirs = 20_000;
const double = command<{ n: number }, { n: number }>('double');

interface Moleculer {
  readonly ServiceBroker: new (options: object) => {
    createService(schema: object): void;
    start(): Promise<void>;
    stop(): Promise<void>;
    waitForServices(name: string): Promise<void>;
    call(action: string, input: object): Promise<{ n: number }>;
  };
}

async function drive(count: number, call: (n: number) => Promise<{ n: number }>): Promise<number> {
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < count) {
      const n = next++;
      verify((await call(n)).n === n * 2, 'reply');
    }
  };
  const begin = performance.now();
  await Promise.all(Array.from({ length: inFlight }, lane));
  return (performance.now() - begin) / 1000;
}

function moleculer(port: number, nodeID: string): InstanceType<Moleculer['ServiceBroker']> {
  const { ServiceBroker } = requirePeer('moleculer') as Moleculer;
  return new ServiceBroker({ nodeID, logger: false, transporter: `redis://127.0.0.1:${port}` });
}

/** The serving side, in a process of its own for both. */
async function serve(kind: string, where: string): Promise<void> {
  if (kind === 'millrace') {
    const mr = await connect({ dataDir: where, config: false });
    await mr.handle(double, { concurrency: inFlight }, ({ n }) => ({ n: n * 2 }));
  } else {
    const broker = moleculer(Number(where), 'server');
    broker.createService({ name: 'math', actions: { double: ({ params }: { params: { n: number } }) => ({ n: params.n * 2 }) } });
    await broker.start();
  }
  process.send!('ready');
}

async function withServer(kind: string, where: string, work: () => Promise<number>): Promise<number> {
  const child = fork(import.meta.filename, ['--serve', kind, where], { execArgv: process.execArgv });
  await once(child, 'message');
  try {
    return await work();
  } finally {
    child.kill('SIGTERM');
    await once(child, 'exit');
  }
}

const requestReplyCase: Case = {
  name: 'request-reply between two processes, 100 in flight',
  target: '≥ 3 × Moleculer over Redis',
  async run(tools) {
    await using redis = await startRedis(tools.directory());
    const peer = await withServer('moleculer', String(redis.port), async () => {
      const broker = moleculer(redis.port, 'client');
      await broker.start();
      await broker.waitForServices('math');
      const seconds = await tools.best(3, async () => void (await drive(theirs, (n) => broker.call('math.double', { n }))));
      await broker.stop();
      return seconds;
    });
    const dataDir = tools.directory();
    await using mr = await connect({ dataDir, config: false });
    const mine = await withServer('millrace', dataDir, () =>
      tools.best(3, async () => void (await drive(ours, (n) => mr.call(double, { n }, { deadlineMs: 30_000 })))),
    );
    const ratio = ours / mine / (theirs / peer);
    return { ours: rate(ours, mine), peer: `Moleculer: ${rate(theirs, peer)}`, ratio, met: ratio >= 3 };
  },
};

if (process.argv[2] === '--serve') await serve(process.argv[3]!, process.argv[4]!);

export default requestReplyCase;
