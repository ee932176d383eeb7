// Ticket reservation by commands: several clerks compete, one of them is killed at work, and no seat is sold twice.
//   npm run example -- ticket-reservation [--data-dir DIR] [--seats N] [--clerks N]
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { connect, MillraceError } from 'millrace';
import { reserveSeat, seats } from './reservations.ts';

const { values } = parseArgs({
  options: { 'data-dir': { type: 'string' }, seats: { type: 'string', default: '60' }, clerks: { type: 'string', default: '3' } },
});
const dataDir = values['data-dir'] ?? mkdtempSync(join(tmpdir(), 'millrace-tickets-'));
const seatCount = Number(values.seats);

async function openClerk(): Promise<ChildProcess> {
  const clerk = spawn(process.execPath, [...process.execArgv, join(import.meta.dirname, 'clerk.ts'), '--data-dir', dataDir], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(clerk.stdout, 'data');
  return clerk;
}

await using mr = await connect({ dataDir });
const plan = mr.region(seats);
await plan.putAll(
  Array.from({ length: seatCount }, (_, index) => [
    `G1/${String(index + 1).padStart(3, '0')}`,
    { train: 'G1', soldTo: null, passenger: null },
  ]),
);

const clerks = await Promise.all(Array.from({ length: Number(values.clerks) }, openClerk));
const victim = clerks[0]!;

// Ten passengers more than seats. The first clerk dies in the middle of it.
const calls = Array.from({ length: seatCount + 10 }, async (_, index) => {
  const reservation = mr.call(reserveSeat, { train: 'G1', passenger: `passenger-${index}` }, { deadlineMs: 30_000 });
  if (index === Math.floor(seatCount / 3)) victim.kill('SIGKILL');
  return reservation;
});
const results = await Promise.allSettled(calls);
const sold = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value.seat] : []));
const refused = results.filter(
  (result) =>
    result.status === 'rejected' && result.reason instanceof MillraceError && result.reason.code === 'FAILED_PRECONDITION',
);

console.log(`${results.length} passengers, ${seatCount} seats, one clerk killed at work`);
console.log(`sold ${sold.length}, sold twice ${sold.length - new Set(sold).size}, refused because sold out ${refused.length}`);
for (const clerk of clerks) clerk.kill('SIGTERM');
await Promise.all(
  clerks.filter((clerk) => clerk.exitCode === null && clerk.signalCode === null).map((clerk) => once(clerk, 'exit')),
);
