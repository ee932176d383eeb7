import { closeSync, fsyncSync, mkdirSync, openSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf } from '@millrace/core';
import type { DeploymentRequest, InstanceEnd } from '@millrace/deployer-contract';
import { raise } from './errors.ts';

/** One start of an instance. */
export interface LaunchRecord {
  /** Never used twice; names the file in which the process writes down who it is. */
  readonly id: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** It was healthy once. */
  readonly up?: true;
  /** It is over; how is the instance's last end. */
  readonly ended?: true;
}

/** What is kept of an instance. */
export interface InstanceRecord {
  readonly index: number;
  /** 0 or less for an app that listens to nothing that could be asked. */
  readonly port: number;
  readonly restarts: number;
  readonly launch?: LaunchRecord;
  /** How its last life ended. */
  readonly lastEnd?: InstanceEnd;
}

/** What is kept of a deployment: all that a later server needs to find, watch and end it. Secrets stay references. */
export interface DeploymentRecord {
  readonly format: 1;
  readonly id: string;
  readonly request: DeploymentRequest;
  readonly digest: string;
  readonly workingDirectory: string;
  /** Instances that are wanted. */
  readonly wanted: number;
  /** Its end has begun. */
  readonly ending?: true;
  readonly instances: readonly InstanceRecord[];
}

const suffix = '.json';

/** The records of a deployer, a file each; written whole or not at all, before what they tell of happens. */
export class Records {
  readonly #folder: string;

  constructor(folder: string) {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    this.#folder = folder;
  }

  /** Where a deployment's record is. */
  file(id: string): string {
    return join(this.#folder, `${id}${suffix}`);
  }

  /** Where the processes of a deployment write down who they are. */
  launches(id: string): string {
    return join(this.#folder, id);
  }

  ids(): readonly string[] {
    return readdirSync(this.#folder).flatMap((name) => (name.endsWith(suffix) ? [name.slice(0, -suffix.length)] : []));
  }

  /** Throws `RECORD_BROKEN` (`DATA_LOSS`). */
  read(id: string): DeploymentRecord {
    const file = this.file(id);
    try {
      const record = JSON.parse(readFileSync(file, 'utf8')) as DeploymentRecord;
      if (record.format !== 1) throw new Error(`its format is ${String(record.format)}, not 1`);
      return record;
    } catch (error) {
      throw raise('RECORD_BROKEN', { file, problem: messageOf(error) }, error);
    }
  }

  write(record: DeploymentRecord): void {
    mkdirSync(this.launches(record.id), { recursive: true, mode: 0o700 });
    const part = `${this.file(record.id)}.part`;
    const file = openSync(part, 'w', 0o600);
    try {
      writeFileSync(file, JSON.stringify(record));
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(part, this.file(record.id));
  }

  /** Forgets a deployment of which nothing runs any more. */
  remove(id: string): void {
    rmSync(this.launches(id), { recursive: true, force: true, maxRetries: 5 });
    rmSync(this.file(id), { force: true });
  }
}
