// A price board driven by data events: a feed changes prices, and everyone who is interested knows at once, with the data.
//   npm run example -- price-board [--data-dir DIR]
import { parseArgs } from 'node:util';
import { connect, region } from 'millrace';
import type { EntryEvent } from 'millrace';

interface Price {
  readonly train: string;
  readonly euros: number;
  readonly seatsLeft: number;
}

const { values } = parseArgs({ options: { 'data-dir': { type: 'string' } } });
const prices = region<Price>('prices');

await using mr = await connect(values['data-dir'] ? { dataDir: values['data-dir'] } : {});
const board = mr.region(prices);
await board.put('G1', { train: 'G1', euros: 120, seatsLeft: 50 });
await board.put('G2', { train: 'G2', euros: 80, seatsLeft: 5 });

// The board on the wall: a local view that follows the region.
await using wall = await board.liveMap();
console.log(`wall: ${[...wall].map(([train, { euros }]) => `${train} ${euros} €`).join(', ')}`);

// A bargain hunter: told when a price comes below 100, changes there, and goes away again.
const told: EntryEvent<Price>[] = [];
const left = new Set<string>();
const { promise: bothLeft, resolve } = Promise.withResolvers<void>();
await using _hunter = await board.watch({ where: { euros: { lt: 100 } } }, (event) => {
  told.push(event);
  if ((event.kind === 'left' || event.kind === 'removed') && left.add(event.key).size === 2) resolve();
});

// The feed.
await board.patch('G1', { euros: 95 });
await board.patch('G1', { euros: 90 });
await board.patch('G1', { euros: 130 });
await board.delete('G2');
await bothLeft;
// The wall follows by itself; it may be a moment behind the hunter.
if (wall.has('G2')) await new Promise<void>((done) => wall.onChange(() => !wall.has('G2') && done()));

for (const { kind, key, value, previous } of told
  .filter((event) => event.kind !== 'live')
  .toSorted((a, b) => a.key.localeCompare(b.key))) {
  console.log(`hunter: ${kind} ${key}${value ? ` ${value.euros} €` : ''}${previous ? `, was ${previous.euros} €` : ''}`);
}
console.log(`wall: ${[...wall].map(([train, { euros }]) => `${train} ${euros} €`).join(', ')}`);
