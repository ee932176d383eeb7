import { beforeEach, describe, expect, it } from 'vitest';
import { Bench, message, text } from '../../support.ts';

let bench: Bench;
beforeEach(() => {
  bench = new Bench();
});

const name = 'error.t.g';

async function parked(count: number) {
  const binder = await bench.client();
  await binder.parking.park(
    name,
    Array.from({ length: count }, (_, i) => ({ ...message(`m${i}`), headers: { mr_attempts: i } })),
  );
  return binder;
}

describe('a dead-letter destination', () => {
  it('lists by position, oldest first, without removing anything', async () => {
    const { parking } = await parked(5);
    const first = await parking.list(name, 0, 2);
    expect(first.map(({ payload, headers }) => [text(payload), headers])).toEqual([
      ['m0', { mr_attempts: 0 }],
      ['m1', { mr_attempts: 1 }],
    ]);
    const rest = await parking.list(name, first[1]!.position, 10);
    expect(rest.map(({ payload }) => text(payload))).toEqual(['m2', 'm3', 'm4']);
    expect(await parking.summary()).toEqual([{ name, count: 5 }]);
    expect(await parking.list('none', 0, 10)).toEqual([]);
  });

  it('forgets what was removed, also after a restart, and says how many were there', async () => {
    const { parking } = await parked(4);
    const entries = await parking.list(name, 0, 10);
    const positions = [entries[0]!.position, entries[2]!.position];
    expect(await parking.remove(name, [...positions, positions[0]!, 999])).toBe(2);
    const both = await Promise.all([parking.remove(name, [entries[1]!.position]), parking.remove(name, [entries[1]!.position])]);
    expect(both).toEqual([1, 0]);
    bench.restart();
    const again = (await bench.client()).parking;
    expect((await again.list(name, 0, 10)).map(({ payload }) => text(payload))).toEqual(['m3']);
    await again.park(name, [message('new')]);
    expect((await again.list(name, 0, 10)).map(({ position }) => position)).toEqual([4, 5]);
  });

  it('stays small however often messages come and go', async () => {
    const { parking } = await parked(1);
    for (let i = 0; i < 2500; i++) {
      await parking.park(name, [message('again')]);
      const [, later] = await parking.list(name, 0, 2);
      await parking.remove(name, [later!.position]);
    }
    bench.journal.maintain();
    bench.restart();
    const again = (await bench.client()).parking;
    expect((await again.list(name, 0, 10)).map(({ payload }) => text(payload))).toEqual(['m0']);
    for (const stream of [2, 3]) expect(bench.journal.bounds(stream).bytes).toBeLessThan(100_000);
  });

  it('can be consumed as any log', async () => {
    const binder = await parked(2);
    const consumer = await binder.bindConsumer(name, 'g');
    expect((await consumer.receive(10)).map(({ payload }) => text(payload))).toEqual(['m0', 'm1']);
    expect(binder.provisioner.deadLetterName('t', 'g')).toBe(name);
  });
});
