import { randomUUID } from 'node:crypto';
import type { BinderCapabilities } from '@millrace/messaging/binder';
import { kitError } from './errors.ts';
import { settingsOf } from './harness.ts';
import type { Broker, ConformanceHarness, Settings } from './harness.ts';
import { Kit } from './kit.ts';
import type { Run } from './kit.ts';
import type { Scenario } from './scenario.ts';

/** What is known of a binder before the scenarios run. */
export interface Declaration {
  readonly binder: string;
  readonly capabilities: BinderCapabilities;
  /** The broker that answered, stopped by now; says which means of testing the harness gives. */
  readonly broker: Broker;
}

/** Starts a broker to ask the binder for its name and capabilities. */
export async function declarationOf(harness: ConformanceHarness): Promise<Declaration> {
  const broker = await harness.createBroker({ prefix: newPrefix() });
  try {
    const binder = await broker.connect();
    // What a binder can do may depend on the server that it finds.
    await binder.open();
    const declaration = { binder: binder.name, capabilities: binder.capabilities, broker };
    await binder.close();
    return declaration;
  } finally {
    await broker.stop();
  }
}

/** A broker with the settings of its run: where scenarios run. */
export class Stage {
  readonly #run: Run;
  readonly #settings: Settings;

  private constructor(run: Run, settings: Settings) {
    this.#run = run;
    this.#settings = settings;
  }

  static async open(harness: ConformanceHarness): Promise<Stage> {
    const settings = settingsOf(harness);
    const prefix = newPrefix();
    const broker = await harness.createBroker({ prefix });
    if (settings.stress && broker.clock !== undefined) {
      await broker.stop();
      throw kitError('STRESS_NEEDS_REAL_TIME', {});
    }
    let names = 0;
    const uniqueName = (hint: string) => settings.destinationName(`${prefix}-${names++}-${hint}`);
    return new Stage({ broker, settings, uniqueName }, settings);
  }

  /** Runs a scenario; in stress mode ten times side by side, unless it must be alone. */
  async play(scenario: Scenario): Promise<void> {
    const times = this.#settings.stress && !scenario.alone ? 10 : 1;
    const results = await Promise.allSettled(Array.from({ length: times }, () => this.#playOnce(scenario)));
    const failed = results.find((result) => result.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  }

  async close(): Promise<void> {
    await this.#run.broker.stop();
  }

  async #playOnce(scenario: Scenario): Promise<void> {
    const kit = new Kit(this.#run);
    let failure: { readonly error: unknown } | undefined;
    try {
      await kit.open();
      await kit.within(scenario.run(kit), 'the scenario as a whole', patienceMs(this.#settings));
    } catch (error) {
      failure = { error };
    }
    // A scenario that failed may leave clients that cannot close; its own error is the one to tell.
    await kit.close().catch((error: unknown) => (failure ??= { error }));
    if (failure !== undefined) throw failure.error;
  }
}

/** How long a scenario may take in all: far beyond any wait inside it. */
function patienceMs({ timeouts, stress }: Settings): number {
  return (stress ? 20 : 4) * timeouts.recoverMs;
}

/** When a test runner may give up on a scenario: after the kit did, and closed its clients. */
export function scenarioTimeoutMs(harness: ConformanceHarness): number {
  const settings = settingsOf(harness);
  return patienceMs(settings) + 4 * settings.timeouts.settleMs;
}

function newPrefix(): string {
  return `kit-${randomUUID().slice(0, 8)}`;
}
