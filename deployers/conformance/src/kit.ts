import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { commonOptions } from '@millrace/deployer-contract';
import type {
  AppSpec,
  Deployer,
  DeployerCapabilities,
  DeploymentRequest,
  DeploymentState,
  DeploymentStatus,
  LogLine,
  LogOptions,
} from '@millrace/deployer-contract';
import { kitError } from './errors.ts';
import type { Platform, Timeouts } from './harness.ts';

/** What every scenario of a run shares. */
export interface Run {
  readonly platform: Platform;
  readonly timeouts: Timeouts;
  /** By the names under which the platform can resolve them. */
  readonly secrets: Readonly<Record<string, string>>;
  /** A group that no other scenario of the run gets. */
  uniqueGroup(): string;
}

/** How a request for the test app differs from the plainest one. */
export interface Wish {
  readonly name?: string;
  readonly count?: number;
  /** The test app's own settings, without `kit.`. */
  readonly app?: Readonly<Record<string, string | number | boolean>>;
  /** Other properties of the app. */
  readonly properties?: Readonly<Record<string, string>>;
  readonly deploymentProperties?: Readonly<Record<string, string>>;
  readonly arguments?: readonly string[];
}

/** What the test app tells of what it was given. */
export interface Given {
  readonly index: number;
  readonly pid: number;
  readonly args: readonly string[];
  readonly properties: Readonly<Record<string, string>>;
  readonly env: Readonly<Record<string, string>>;
}

const pollMs = 20;

/** What one scenario works with: an open deployer, a group of its own, and patience. */
export class Kit {
  readonly group: string;
  readonly #run: Run;
  readonly #deployed = new Set<string>();
  #deployer: Deployer | undefined;

  constructor(run: Run) {
    this.#run = run;
    this.group = run.uniqueGroup();
  }

  /** Opens the scenario's deployer, again after {@link abandon}. */
  async open(): Promise<void> {
    this.#deployer = await this.#run.platform.connect();
    await this.within(this.#deployer.open(), 'open');
  }

  get deployer(): Deployer {
    if (this.#deployer === undefined) throw new TypeError('the kit has no deployer; open was not called');
    return this.#deployer;
  }

  get can(): DeployerCapabilities {
    return this.deployer.capabilities;
  }

  get platform(): Platform {
    return this.#run.platform;
  }

  get timeouts(): Timeouts {
    return this.#run.timeouts;
  }

  get secrets(): Readonly<Record<string, string>> {
    return this.#run.secrets;
  }

  /** A request for the test app. */
  request(wish: Wish = {}): DeploymentRequest {
    const { testApp } = this.platform;
    const settings = Object.entries(wish.app ?? {}).map(([name, value]) => [`kit.${name}`, String(value)] as const);
    const app: AppSpec = {
      label: 'app',
      resource: testApp.resource,
      properties: { ...Object.fromEntries(settings), ...wish.properties },
    };
    return this.requestFor([app], { ...wish, arguments: [...(testApp.arguments ?? []), ...(wish.arguments ?? [])] });
  }

  /** A request for other apps. */
  requestFor(apps: readonly [AppSpec, ...AppSpec[]], wish: Omit<Wish, 'app' | 'properties'> = {}): DeploymentRequest {
    return {
      name: wish.name ?? 'app-v1',
      apps,
      deploymentProperties: {
        [commonOptions.group.name]: this.group,
        [commonOptions.count.name]: String(wish.count ?? 1),
        ...this.platform.deploymentProperties,
        ...wish.deploymentProperties,
      },
      arguments: wish.arguments ?? [],
    };
  }

  /** Deploys; what a scenario deploys is undeployed at its end. */
  async deploy(request: DeploymentRequest): Promise<string> {
    this.#deployed.add(this.deployer.idOf(request));
    return this.within(this.deployer.deploy(request), 'deploy');
  }

  /** Deploys the test app and waits until it has the state. */
  async deployed(wish: Wish = {}, state: DeploymentState = 'deployed'): Promise<string> {
    const id = await this.deploy(this.request(wish));
    await this.reaches(id, state);
    return id;
  }

  async undeploy(id: string): Promise<void> {
    await this.within(this.deployer.undeploy(id), 'undeploy');
  }

  async status(id: string): Promise<DeploymentStatus> {
    return this.within(this.deployer.status(id), 'status');
  }

  /** Waits until a deployment has a state. */
  async reaches(id: string, state: DeploymentState): Promise<DeploymentStatus> {
    return this.statusWhere(id, `the state '${state}' of '${id}'`, (status) => status.state === state);
  }

  /** Waits until a deployment's status is as wanted. */
  async statusWhere(id: string, what: string, holds: (status: DeploymentStatus) => boolean): Promise<DeploymentStatus> {
    const { settleMs: ms } = this.timeouts;
    const deadline = performance.now() + ms;
    for (;;) {
      const status = await this.status(id);
      if (holds(status)) return status;
      if (performance.now() > deadline) throw kitError('NOT_REACHED', { what, ms, seen: JSON.stringify(status) });
      await sleep(pollMs);
    }
  }

  /** What has been written so far. */
  async log(id: string, options: LogOptions = {}): Promise<readonly LogLine[]> {
    const collect = async (): Promise<readonly LogLine[]> => {
      const lines: LogLine[] = [];
      for await (const line of this.deployer.log(id, { tail: Infinity, ...options })) lines.push(line);
      return lines;
    };
    return this.within(collect(), 'log without follow');
  }

  /** Waits until lines with this beginning have been written that often; returns them without the beginning. */
  async written(id: string, beginning: string, count = 1, options: LogOptions = {}): Promise<readonly string[]> {
    let found: readonly string[] = [];
    await this.eventually(`${count} lines '${beginning}…' in the log of '${id}'`, async () => {
      const lines = await this.log(id, options);
      found = lines.flatMap(({ text }) => (text.startsWith(beginning) ? [text.slice(beginning.length)] : []));
      return found.length >= count;
    });
    return found;
  }

  /** What the test app was given at each of its starts, of which there are to be `starts`. */
  async given(id: string, starts = 1): Promise<readonly Given[]> {
    return (await this.written(id, 'kit-given ', starts)).map((text) => JSON.parse(text) as Given);
  }

  /** What ran before still runs, from the same start. `starts`: how often the app was started in all. */
  async untouched(id: string, before: readonly Given[], starts = before.length): Promise<void> {
    await this.quiet();
    const after = await this.given(id, starts);
    assert.equal(after.length, starts, `'${id}' must have been started ${starts} times`);
    const pids = new Set(after.map(({ pid }) => pid));
    assert.ok(
      before.every(({ pid }) => pids.has(pid)),
      `what ran of '${id}' must not be started again`,
    );
  }

  /** The deployer is gone without a farewell; {@link open} brings the next one. */
  async abandon(): Promise<void> {
    const { deployer } = this;
    this.#deployer = undefined;
    await this.within(this.platform.abandon?.(deployer) ?? deployer.close(), 'the end of the deployer');
  }

  /** The promise's result; `NOT_SETTLED` when it takes longer than `settleMs`. */
  async within<T>(promise: Promise<T>, what: string): Promise<T> {
    const { settleMs: ms } = this.timeouts;
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(() => late.reject(kitError('NOT_SETTLED', { what, ms })), ms);
    try {
      return await Promise.race([promise, late.promise]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Waits until `check` says yes. */
  async eventually(what: string, check: () => Promise<boolean>): Promise<void> {
    const { settleMs: ms } = this.timeouts;
    const deadline = performance.now() + ms;
    while (!(await check())) {
      if (performance.now() > deadline) throw kitError('NOT_REACHED', { what, ms, seen: 'nothing else' });
      await sleep(pollMs);
    }
  }

  /** Lets some time go by in which something must not happen. */
  async quiet(): Promise<void> {
    await sleep(this.timeouts.quietMs);
  }

  /** Undeploys all that the scenario deployed and closes its deployer. */
  async close(): Promise<void> {
    if (this.#deployer === undefined) await this.open();
    try {
      await Promise.all([...this.#deployed].map((id) => this.undeploy(id)));
    } finally {
      await this.within(this.deployer.close(), 'close');
    }
  }
}
