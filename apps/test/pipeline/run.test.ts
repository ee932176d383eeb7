import { eventStream } from '@millrace/messaging';
import { describe, expect, it } from 'vitest';
import { defineProcessor, defineSource } from '../../src/index.ts';
import { bench, ways } from './fixtures.ts';

const items = (...values: unknown[]) => `'${JSON.stringify(values)}'`;
const fast = '--spring.cloud.stream.bindings.input.consumer.backOffInitialInterval=1';

/** Fails for good at messages whose field `bad` is true, and counts its runs. */
function fragile() {
  const runs: unknown[] = [];
  const app = defineProcessor({
    name: 'fragile',
    description: 'Fails.',
    process(message) {
      const value = message.json() as { bad?: boolean };
      runs.push(value);
      if (value.bad === true) throw new Error('it is bad');
      return message;
    },
  });
  return { app, runs };
}

function orders(binder: string) {
  return eventStream<{ bad?: boolean; i?: number }>('orders', { binder });
}

describe.each(ways)('a pipeline, %s', (way) => {
  it('passes messages in order through its apps and ends when its source does', async () => {
    const { run, texts } = bench();
    const result = await run(way, [
      `p = emit --items=${items({ i: 1 }, { i: 2 }, { i: 3 })} | filter --expression="payload.i > 1" | transform --expression="payload.i * 10" | collect`,
    ]);
    expect(texts()).toEqual(['20', '30']);
    expect(result.completed).toBe(true);
    expect(result.pipelines[0]!.apps.map(({ label, in: received, out }) => [label, received, out])).toEqual([
      ['emit', 0, 3],
      ['filter', 3, 2],
      ['transform', 2, 2],
      ['collect', 2, 0],
    ]);
  });

  it('lets headers, keys and content types travel', async () => {
    const { run, collected } = bench();
    await run(way, [`p = emit --items=${items({ key: 'k', h: 'x' })} | transform --expression=payload | collect`]);
    expect(collected.get('all')![0]).toMatchObject({ headers: { h: 'x' }, key: 'k', contentType: 'application/json' });
  });

  it("leaves the transport's own headers behind", async () => {
    const { run, runtime, publish, collected } = bench();
    await publish('orders', []);
    const headers = { h: 'x', kafka_offset: 5, 'x-exception-message': 'old', 'x-death': 'old' };
    await runtime.publish(eventStream('orders'), { i: 1 }, { headers, key: 'k' });
    const stop = new AbortController();
    const seen = () => (collected.has('all') ? stop.abort() : undefined);
    await run(way, ['p = :orders > bridge > :copy', ':copy > collect'], {
      signal: stop.signal,
      onProgress: seen,
      progressEveryMs: 5,
    });
    expect(collected.get('all')![0]).toMatchObject({ headers: { h: 'x' }, key: 'k' });
    expect(Object.keys(collected.get('all')![0]!.headers)).toEqual(['h']);
  });

  it('makes no difference between text and values for expressions', async () => {
    const { run, texts } = bench();
    await run(way, [
      `p = emit --items=${items({ a: [1, 2] })} | make: transform --expression="{a: payload.a, n: 'x'}" | size: transform --expression="payload.length() + ' ' + payload.n + ' ' + payload" | collect`,
    ]);
    expect(texts()).toEqual(['19 x {"a":[1,2],"n":"x"}']);
  });

  it('retries a message that fails, parks it with cause and origin, and goes on', async () => {
    const { app, runs } = fragile();
    const { run, texts, parked } = bench([app]);
    const result = await run(way, [
      `p = emit --items=${items({ i: 1 }, { i: 2, bad: true }, { i: 3 })} | bridge | fragile ${fast} | collect`,
    ]);
    expect(texts()).toEqual(['{"i":1}', '{"i":3}']);
    expect(runs).toHaveLength(5);
    const [dead] = await parked('error.p.bridge.p');
    expect(dead).toMatchObject({
      destination: 'p.bridge',
      group: 'p',
      attempts: 3,
      cause: { type: 'Error', message: 'it is bad' },
    });
    expect(Buffer.from(dead!.payload!).toString()).toBe('{"i":2,"bad":true}');
    expect(result.pipelines[0]!.apps[2]).toMatchObject({ label: 'fragile', in: 3, out: 2, failed: 3, parked: 1 });
  });

  it('holds back only the key of a message that is tried again', async () => {
    const { app } = fragile();
    const { run, texts } = bench([app]);
    await run(way, [
      `p = emit --items=${items({ key: 'a', i: 1, bad: true }, { key: 'b', i: 2 }, { key: 'a', i: 3 })} | fragile ${fast} | collect`,
    ]);
    const order = texts().map((text) => (JSON.parse(text) as { i: number }).i);
    expect(order).toEqual([2, 3]);
  });

  it('does not try again what an expression cannot evaluate', async () => {
    const { run, texts, parked } = bench();
    await run(way, [
      `p = emit --items=${items({ a: { i: 1 } }, {}, { a: { i: 2 } })} | filter --expression="payload.a.i > 0" | collect`,
    ]);
    expect(texts()).toEqual(['{"a":{"i":1}}', '{"a":{"i":2}}']);
    const dead = await parked('error.p.emit.p');
    expect(dead.map((each) => each.attempts)).toEqual([1]);
  });

  it('skips what fails where parking is switched off', async () => {
    const { app } = fragile();
    const { run, texts, parked } = bench([app]);
    await run(way, [
      `p = emit --items=${items({ i: 1 }, { bad: true })} | fragile ${fast} --spring.cloud.stream.kafka.bindings.input.consumer.enableDlq=false | collect`,
    ]);
    expect(texts()).toEqual(['{"i":1}']);
    expect(await parked('error.p.emit.p')).toEqual([]);
  });

  it('gives another pipeline what it taps, everything and in order', async () => {
    const { run, texts } = bench();
    await run(way, [
      `p = emit --items=${items({ i: 1 }, { i: 2 })} | filter --expression="payload.i > 1" | collect --as=main`,
      't = :p.emit > collect --as=tap',
    ]);
    expect(texts('main')).toEqual(['{"i":2}']);
    expect(texts('tap')).toEqual(['{"i":1}', '{"i":2}']);
  });

  it('merges what several pipelines write to a destination', async () => {
    const { run, texts } = bench();
    await run(way, [
      `a = emit --items=${items({ i: 1 })} > :both`,
      `b = emit --items=${items({ i: 2 })} | bridge > :both`,
      ':both > collect',
    ]);
    expect(texts().toSorted()).toEqual(['{"i":1}', '{"i":2}']);
  });

  it('shares a destination within a group and copies it between groups', async () => {
    const { run, texts } = bench();
    await run(way, [
      `a = emit --items=${items({ i: 1 })} > :orders`,
      'b = :orders --group=one > collect --as=one',
      'c = :orders > collect --as=two',
    ]);
    expect([texts('one'), texts('two')]).toEqual([['{"i":1}'], ['{"i":1}']]);
  });

  it('starts again where the group was, when it reads a destination', async () => {
    const { run, texts, publish } = bench();
    await publish('orders', [{ i: 1 }, { i: 2 }]);
    const stop = new AbortController();
    const seen = () => (texts().length >= 2 ? stop.abort() : undefined);
    const first = await run(way, ['p = :orders > collect'], { signal: stop.signal, onProgress: seen, progressEveryMs: 5 });
    expect(first.completed).toBe(false);
    await publish('orders', [{ i: 3 }]);
    const again = new AbortController();
    const more = () => (texts().length >= 3 ? again.abort() : undefined);
    await run(way, ['p = :orders > collect'], { signal: again.signal, onProgress: more, progressEveryMs: 5 });
    expect(texts()).toEqual(['{"i":1}', '{"i":2}', '{"i":3}']);
  });

  it('reads from one binder, writes to another and parks where it read', async () => {
    const { app } = fragile();
    const { run, runtime } = bench([app]);
    await runtime.publishAll(orders('west'), [{ i: 1 }, { bad: true }, { i: 2 }]);
    const settings = '--spring.cloud.stream.bindings.input.binder=west --spring.cloud.stream.bindings.output.binder=east';
    const stop = new AbortController();
    const running = run(way, [`p = :orders > fragile ${settings} ${fast} > :orders`], { signal: stop.signal });
    const read: unknown[] = [];
    await runtime.subscribe(orders('east'), { group: 'check' }, (order) => void read.push(order));
    await expect.poll(() => read, { timeout: 10_000 }).toEqual([{ i: 1 }, { i: 2 }]);
    const { raw } = await runtime.binder('west');
    await expect.poll(() => raw.parking!.summary()).toEqual([{ name: 'error.orders.p', count: 1 }]);
    stop.abort();
    await running;
    expect((await (await runtime.binder()).provisioner.list()).map(({ name }) => name)).toEqual([]);
  });

  it('routes to destinations that messages name', async () => {
    const { run, texts } = bench();
    await run(way, [`p = emit --items=${items({ to: 'x', i: 1 }, { to: 'y', i: 2 })} | router --expression=payload.to`]);
    const stop = new AbortController();
    const seen = () => (texts('x').length + texts('y').length >= 2 ? stop.abort() : undefined);
    await run(way, [':x > collect --as=x', ':y > collect --as=y'], { signal: stop.signal, onProgress: seen, progressEveryMs: 5 });
    expect([texts('x'), texts('y')]).toEqual([['{"to":"x","i":1}'], ['{"to":"y","i":2}']]);
  });

  it('rejects with APP_FAILED when a source fails, after ending the others', async () => {
    const broken = defineSource({
      name: 'broken',
      description: 'Fails.',
      start: () => Promise.reject(new Error('no disk')),
    });
    const { run } = bench([broken]);
    const failure = run(way, ['p = broken | collect', 'q = :orders > collect']);
    await expect(failure).rejects.toMatchObject({ reason: 'APP_FAILED', message: expect.stringContaining("'broken' of 'p'") });
  });
});

describe('a fused pipeline', () => {
  it('sends nothing through the binder that nobody taps', async () => {
    const { run, runtime } = bench();
    await run('fused', [`p = emit --items=${items({ i: 1 })} | bridge | collect`]);
    const { provisioner } = await runtime.binder();
    expect(await provisioner.list()).toEqual([]);
  });

  it('sends the output of every app to its destination with tap', async () => {
    const { run, runtime } = bench();
    await run('fused', [`p = emit --items=${items({ i: 1 })} | bridge | collect`], { tap: true });
    const { provisioner } = await runtime.binder();
    const names = (await provisioner.list()).map((each) => each.name);
    expect(names.toSorted()).toEqual(['p.bridge', 'p.emit']);
  });

  it('needs no runtime at all if nothing needs one', async () => {
    const { run, texts } = bench();
    await run('fused', [`p = emit --items=${items({ i: 1 })} | collect`], {
      connect: () => Promise.reject(new Error('There is no broker.')),
    });
    expect(texts()).toHaveLength(1);
  });

  it('runs the apps of a list beside each other', async () => {
    const { run, texts } = bench();
    const stop = new AbortController();
    const seen = () => (texts().length >= 1 ? stop.abort() : undefined);
    await run('fused', [`emit --items=${items({ i: 1 })} --spring.cloud.stream.bindings.output.destination=input || collect`], {
      signal: stop.signal,
      onProgress: seen,
      progressEveryMs: 5,
    });
    expect(texts()).toEqual(['{"i":1}']);
  });
});

describe('runPipelines', () => {
  it.each([
    ['emmit | log', "There is no source 'emmit'; did you mean 'emit'?", 0],
    ['time | fliter | log', "did you mean 'filter'", 7],
    ['time | filter --expresion=true | log', "The processor 'filter' has no option 'expresion'; did you mean 'expression'?", 14],
    ['time | filter --expression="payload >" | log', 'is not a valid expression', 14],
    ['time --fixed-delay=soon | log', 'must be a duration', 5],
    ['time | log --spring.cloud.stream.bindings.input.consumer.maxAttempts=0', 'must be at least 1', 11],
    ['log | time', "'log' is a sink, which cannot stand here", 0],
  ])('refuses %s before anything starts, with the position', async (dsl, message, position) => {
    const { run } = bench();
    await expect(run('fused', [dsl])).rejects.toMatchObject({
      reason: 'PIPELINE_INVALID',
      code: 'INVALID_ARGUMENT',
      message: expect.stringContaining(message),
      details: expect.objectContaining({ position }),
    });
  });

  it('names pipelines that have no name after their text', async () => {
    const { run } = bench();
    const [one, two] = [`emit --items=${items(1)} | collect`, `emit --items=${items(2)} | collect`];
    const names = async (...texts: string[]) => (await run('fused', texts)).pipelines.map((each) => each.name);
    const [first, second, again] = await names(one, two, one);
    expect(first).toMatch(/^pipeline-[0-9a-f]{6}$/);
    expect(second).not.toBe(first);
    expect(again).toBe(`${first}-2`);
    expect(await names(one)).toEqual([first]);
  });

  it('needs spawnApp to run apps as processes', async () => {
    const { run } = bench();
    await expect(run('separate', ['time | log'], { spawnApp: undefined })).rejects.toMatchObject({ reason: 'SPAWN_MISSING' });
  });
});
