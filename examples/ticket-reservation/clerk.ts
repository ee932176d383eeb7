// One of any number of competing clerks. Kill it at any time: its command goes to another one, and no seat is sold twice.
//   node clerk.ts --data-dir DIR
import { parseArgs } from 'node:util';
import { connect, MillraceError } from 'millrace';
import type { Millrace } from 'millrace';
import { reserveSeat, seats } from './reservations.ts';
import type { ReserveSeat, Reservation } from './reservations.ts';

const { values } = parseArgs({ options: { 'data-dir': { type: 'string' } } });

/** The seat that this command bought before, if the clerk that did it died before saying so; otherwise a free one. */
async function sell(mr: Millrace, { train, passenger }: ReserveSeat, commandId: string): Promise<Reservation> {
  const plan = mr.region(seats);
  for await (const { key } of plan.query({ soldTo: commandId })) return { seat: key, passenger };
  for await (const { key, version } of plan.query({ train, soldTo: null })) {
    try {
      // Only one of several clerks that saw the seat free replaces this version of it.
      await plan.replace(key, version, { train, soldTo: commandId, passenger });
      return { seat: key, passenger };
    } catch (error) {
      if (!(error instanceof MillraceError) || error.code !== 'CONFLICT') throw error;
    }
  }
  throw new MillraceError(`train ${train} is sold out; choose another train`, { code: 'FAILED_PRECONDITION', reason: 'soldOut' });
}

const mr = await connect(values['data-dir'] ? { dataDir: values['data-dir'] } : {});
await mr.handle(reserveSeat, { concurrency: 4, leaseMs: 2000 }, (input, context) => sell(mr, input, context.id));
console.log(`clerk ${process.pid} is open`);
// Runs until it is told to stop; SIGTERM finishes what is at hand first.
setInterval(() => {}, 1 << 30);
