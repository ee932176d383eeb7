import { expect, it } from 'vitest';
import { diagnosis } from '../../src/binder/diagnosis.ts';

const healthy = { process: 42, segments: 3, bytes: 2_500_000, damage: [] };

it('says how much there is and who holds it when all is well', () => {
  expect(diagnosis(healthy)).toEqual([
    { check: 'journal', status: 'ok', detail: '3 segments, 2.5 MB, no damage found; held by process 42' },
  ]);
});

it('says that nothing survives in memory', () => {
  expect(diagnosis({ ...healthy, segments: 0, bytes: 0 })).toMatchObject([
    { status: 'ok', detail: expect.stringContaining('in memory only') },
  ]);
});

it('names each damage with its file, place and offsets, and what to do', () => {
  const damage = {
    stream: 4,
    of: "partition 0 of 'c'",
    file: '0000000001.log',
    position: 512,
    fromOffset: 10,
    toOffset: 19,
    what: 'a wrong checksum',
  };
  const [first, second] = diagnosis({
    ...healthy,
    damage: [damage, { ...damage, stream: undefined, of: undefined, fromOffset: undefined, toOffset: undefined }],
  });
  expect(first).toMatchObject({ status: 'failed', next: expect.stringContaining('restore') });
  expect(first!.detail).toBe(
    "0000000001.log is damaged at byte 512: a wrong checksum; offsets 10 to 19 of partition 0 of 'c' cannot be read, the rest can",
  );
  expect(second!.detail).toContain('unknown offsets of unknown destinations');
});

it('says why nothing is written any more, and what keeps room from being freed', () => {
  const found = diagnosis({ ...healthy, fenced: 'writing failed', maintenance: 'no space' });
  expect(found.map(({ check, status }) => [check, status])).toEqual([
    ['journal', 'failed'],
    ['retention', 'warning'],
  ]);
  expect(found[0]!.next).toContain('process 42');
});
