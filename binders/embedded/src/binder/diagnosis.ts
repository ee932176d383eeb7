import type { Diagnosis } from '@millrace/messaging/binder';
import type { Inspection } from '../wire/protocol.ts';

const check = 'journal';

/** What an inspection says to the people who run it. */
export function diagnosis(inspection: Inspection): readonly Diagnosis[] {
  const { process, segments, bytes, damage, fenced, maintenance } = inspection;
  const trouble = [...damage.map(ofDamage), ...ofFence(fenced, process), ...ofMaintenance(maintenance)];
  if (trouble.length > 0) return trouble;
  if (segments === 0) return [{ check, status: 'ok', detail: 'in memory only; nothing survives the process' }];
  const size = bytes < 1e6 ? `${Math.ceil(bytes / 1e3)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
  const detail = `${segments} ${segments === 1 ? 'segment' : 'segments'}, ${size}, no damage found; held by process ${process}`;
  return [{ check, status: 'ok', detail }];
}

function ofDamage({ file, position, what, of, fromOffset, toOffset }: Inspection['damage'][number]): Diagnosis {
  const range = fromOffset === undefined ? 'unknown offsets' : `offsets ${fromOffset} to ${toOffset ?? 'the end'}`;
  return {
    check,
    status: 'failed',
    detail: `${file} is damaged at byte ${position}: ${what}; ${range} of ${of ?? 'unknown destinations'} cannot be read, the rest can`,
    next: 'restore the file from a copy while nothing uses the directory, or let groups go on behind the damage with millrace destinations seek',
  };
}

function ofFence(fenced: string | undefined, process: number): readonly Diagnosis[] {
  if (fenced === undefined) return [];
  return [
    {
      check,
      status: 'failed',
      detail: fenced,
      next: `check the disk, then end process ${process}: the next one checks the journal`,
    },
  ];
}

function ofMaintenance(maintenance: string | undefined): readonly Diagnosis[] {
  if (maintenance === undefined) return [];
  return [
    {
      check: 'retention',
      status: 'warning',
      detail: `room could not be freed: ${maintenance}`,
      next: 'free some space; it is tried again',
    },
  ];
}
