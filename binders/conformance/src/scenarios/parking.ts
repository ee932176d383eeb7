import assert from 'node:assert/strict';
import { accepted, drain, inAnyOrder, quiet } from '../expect.ts';
import type { Kit } from '../kit.ts';
import { keyText, message, names, numbered, plain, texts } from '../messages.ts';
import * as needs from '../needs.ts';
import { group, scenario } from '../scenario.ts';

export const parkingScenarios = group(
  'parking',
  scenario('parked messages are listed as they were parked, oldest first', [needs.parking], async (kit) => {
    const deadLetter = deadLetterOf(kit);
    const headers = { 'x-exception-message': 'boom', n: 3, big: 2n ** 60n, bytes: new Uint8Array([255, 0]) };
    const parked = [message('first', { headers, key: 'k', timestamp: kit.now() - 1000 }), { payload: null, headers: {} }];
    await accepted(kit, kit.parking.park(deadLetter, parked), 2);
    await accepted(kit, kit.parking.park(deadLetter, [message('third')]));
    const entries = await kit.within(kit.parking.list(deadLetter, 0, 10), 'list');
    assert.deepEqual(texts(entries), ['first', null, 'third']);
    assert.deepEqual(plain(entries[0]!.headers), plain(headers));
    assert.deepEqual(keyText(entries[0]!.key), keyText('k'));
    assert.equal(entries[0]!.timestamp, parked[0]!.timestamp);
    assert.ok(
      entries.every((each, index) => each.position > (entries[index - 1]?.position ?? 0)),
      'positions grow, from above 0',
    );
  }),

  scenario('listing removes and locks nothing', [needs.parking], async (kit) => {
    const deadLetter = deadLetterOf(kit);
    await accepted(kit, kit.parking.park(deadLetter, numbered(3)));
    const list = () => kit.within(kit.parking.list(deadLetter, 0, 10), 'list');
    for (const each of [...(await Promise.all([list(), list()])), await list()]) assert.deepEqual(texts(each), names(3));
  }),

  scenario('long lists are read page by page', [needs.parking], async (kit) => {
    const deadLetter = deadLetterOf(kit);
    await accepted(kit, kit.parking.park(deadLetter, numbered(25)));
    const seen: (string | null)[] = [];
    for (let after = 0; ;) {
      const page = await kit.within(kit.parking.list(deadLetter, after, 10), 'list');
      assert.ok(page.length <= 10);
      if (page.length === 0) break;
      seen.push(...texts(page));
      assert.ok(seen.length <= 25, 'pages must not repeat messages');
      after = page.at(-1)!.position;
    }
    assert.deepEqual(seen, names(25));
  }),

  scenario('messages are removed one by one, and positions stay', [needs.parking], async (kit) => {
    const deadLetter = deadLetterOf(kit);
    await accepted(kit, kit.parking.park(deadLetter, numbered(5)));
    const before = await kit.parking.list(deadLetter, 0, 10);
    const [, second, , fourth] = before.map((each) => each.position);
    assert.equal(await kit.within(kit.parking.remove(deadLetter, [second!, fourth!]), 'remove'), 2);
    const after = await kit.parking.list(deadLetter, 0, 10);
    assert.deepEqual(texts(after), ['m0', 'm2', 'm4']);
    assert.deepEqual(
      after.map((each) => each.position),
      [before[0]!, before[2]!, before[4]!].map((each) => each.position),
    );
    await accepted(kit, kit.parking.park(deadLetter, [message('later')]));
    assert.ok(
      (await kit.parking.list(deadLetter, 0, 10)).at(-1)!.position > before.at(-1)!.position,
      'positions are not used twice',
    );
  }),

  scenario('removal counts what was still there', [needs.parking], async (kit) => {
    const deadLetter = deadLetterOf(kit);
    await accepted(kit, kit.parking.park(deadLetter, numbered(3)));
    const all = (await kit.parking.list(deadLetter, 0, 10)).map((each) => each.position);
    assert.equal(await kit.parking.remove(deadLetter, [all[0]!, all[0]!, all[2]! + 1000]), 1);
    const counts = await Promise.all([kit.parking.remove(deadLetter, all), kit.parking.remove(deadLetter, all)]);
    assert.equal(counts[0] + counts[1], 2, 'two removals at once count each message once');
    assert.equal(await kit.parking.remove(deadLetter, []), 0);
    assert.deepEqual(await kit.parking.list(deadLetter, 0, 10), []);
  }),

  scenario('the summary counts each dead-letter destination', [needs.parking], async (kit) => {
    const [a, b] = [deadLetterOf(kit), deadLetterOf(kit)];
    await accepted(kit, kit.parking.park(a, numbered(3)));
    await accepted(kit, kit.parking.park(b, numbered(2)));
    const countOf = async (name: string) => (await kit.parking.summary()).find((each) => each.name === name)?.count ?? 0;
    assert.deepEqual([await countOf(a), await countOf(b)], [3, 2]);
    const [first] = await kit.parking.list(a, 0, 1);
    await kit.parking.remove(a, [first!.position]);
    assert.deepEqual([await countOf(a), await countOf(b)], [2, 2]);
  }),

  scenario('parking leaves the destination and its groups alone', [needs.parking], async (kit) => {
    const destination = kit.name();
    const consumer = await kit.binder.bindConsumer(destination, 'g');
    await accepted(kit, (await kit.binder.bindProducer(destination)).send(numbered(2)));
    await accepted(kit, kit.parking.park(kit.binder.provisioner.deadLetterName(destination, 'g'), [message('parked')]));
    inAnyOrder(texts(await drain(kit, consumer, 2)), names(2));
    await quiet(kit, consumer);
  }),

  scenario('other clients see what is parked', [needs.parking, needs.twoClients], async (kit) => {
    const deadLetter = deadLetterOf(kit);
    const other = await kit.client();
    await accepted(kit, kit.parking.park(deadLetter, [message('x')]));
    assert.deepEqual(texts(await other.parking!.list(deadLetter, 0, 10)), ['x']);
  }),
);

function deadLetterOf(kit: Kit): string {
  return kit.binder.provisioner.deadLetterName(kit.name(), 'g');
}
