import { join } from 'node:path';
import { isPortFree } from '@millrace/processes';
import { ensureCertificates } from './certificates.ts';
import { containerPlan } from './container.ts';
import { raise } from './errors.ts';
import { Member } from './member.ts';
import type { MemberState, WaitOptions } from './member.ts';
import { checkReachable } from './server-user.ts';
import type { ConnectionSettings, ServerKind, ServerRecord } from './server-kind.ts';

/** What happened to a server, for people who wait. */
export interface Progress {
  readonly server: string;
  readonly text: string;
}

/** How long a start may take, and who is told how far it is. */
export interface StartOptions extends Omit<WaitOptions, 'onWaiting'> {
  readonly onProgress?: ((progress: Progress) => void) | undefined;
}

/** One process of a server at a moment. */
export interface NodeStatus {
  readonly server: string;
  readonly version: string;
  readonly node: string;
  readonly state: MemberState;
  readonly pid?: number | undefined;
  readonly ports: Readonly<Record<string, number>>;
}

/** A server of a sandbox, running or not, with what can be done to it as a whole. */
export class Server {
  readonly record: ServerRecord;
  readonly kind: ServerKind;
  readonly stages: readonly (readonly Member[])[];

  constructor(record: ServerRecord, kind: ServerKind) {
    this.record = record;
    this.kind = kind;
    const { container } = kind;
    const plans = kind
      .plan(record)
      .map((stage) => stage.filter((plan) => !record.installation.container || plan.name === 'node-1'));
    this.stages = plans.map((stage) =>
      stage.map((plan) => {
        const shown = record.installation.container && container ? containerPlan(container, record, plan) : plan;
        return new Member(shown, record.name);
      }),
    );
  }

  get members(): readonly Member[] {
    return this.stages.flat();
  }

  get settings(): ConnectionSettings {
    return this.kind.settings(this.record);
  }

  /** Starts what does not run and waits until all of it serves. What this call started is ended again where it fails. */
  async start({ onProgress, ...options }: StartOptions): Promise<void> {
    const begin = performance.now();
    const say = (text: string): void => onProgress?.({ server: this.record.name, text });
    const idle = this.members.filter((member) => !member.isRunning());
    if (idle.length > 0) {
      await this.#prepare(idle, options.signal);
      say(`starting ${this.record.installation.version}`);
    }
    const onWaiting = (node: string, seconds: number): void => say(`${node} is still starting after ${seconds} s`);
    try {
      for (const stage of this.stages) {
        await Promise.all(stage.filter((member) => idle.includes(member)).map(async (member) => member.start()));
        await Promise.all(stage.map(async (member) => member.whenReady({ ...options, onWaiting })));
      }
      const took = `ready after ${((performance.now() - begin) / 1000).toFixed(1)} s`;
      say(`${idle.length > 0 ? took : 'runs already'} on ${this.settings.addresses.join(', ')}`);
    } catch (error) {
      await stopAll(idle);
      throw error;
    }
  }

  /** Starts one process again that was stopped or killed, and waits until it serves. */
  async startMember(member: Member, options: WaitOptions): Promise<void> {
    await this.#checkPorts([member]);
    await member.start();
    await member.whenReady(options);
  }

  /** Ends all processes, the helpers last: in order, or with `discard` as fast as possible because nobody wants the data. */
  async stop(discard?: 'discard'): Promise<void> {
    for (const stage of this.stages.toReversed()) await stopAll(stage, discard);
  }

  async status(): Promise<readonly NodeStatus[]> {
    return Promise.all(
      this.members.map(async (member) => ({
        server: this.record.name,
        version: this.record.installation.version,
        node: member.plan.name,
        state: await member.state(),
        pid: member.pid,
        ports: this.#portsOf(member),
      })),
    );
  }

  async #prepare(idle: readonly Member[], signal: AbortSignal | undefined): Promise<void> {
    const { record } = this;
    await this.#checkPorts(idle);
    checkReachable(record.name, join(record.directory, 'node-1'), record.installation.user);
    if (record.installation.container) return;
    if (record.secure) await ensureCertificates(join(record.directory, 'tls'), record.credentials.username);
    await this.kind.prepare(record, signal);
  }

  async #checkPorts(members: readonly Member[]): Promise<void> {
    for (const member of members) {
      for (const [name, port] of Object.entries(this.#portsOf(member))) {
        if (!(await isPortFree(port)))
          throw raise('PORT_TAKEN', { port, server: member.title, target: `${this.record.name}.${name}` });
      }
    }
  }

  #portsOf(member: Member): Readonly<Record<string, number>> {
    return this.record.members.find(({ name }) => name === member.plan.name)?.ports ?? {};
  }
}

async function stopAll(members: readonly Member[], discard?: 'discard'): Promise<void> {
  await Promise.all(members.map(async (member) => member.stop(discard)));
}
