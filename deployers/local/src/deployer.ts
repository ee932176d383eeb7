import { existsSync, mkdirSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf, systemClock } from '@millrace/core';
import type { Clock } from '@millrace/core';
import { deployerError, isName, requestDigest, unknownStatus } from '@millrace/deployer-contract';
import type {
  Deployer,
  DeployerCapabilities,
  DeploymentRequest,
  DeploymentStatus,
  EnvironmentInfo,
  LogLine,
  LogOptions,
  SecretResolver,
} from '@millrace/deployer-contract';
import { acquireLock, PortClaims } from '@millrace/processes';
import type { Lock } from '@millrace/processes';
import { Deployment } from './deployment.ts';
import type { DeploymentContext } from './deployment.ts';
import { environmentInfo } from './environment-info.ts';
import { raise } from './errors.ts';
import type { AppHost } from './launch/command.ts';
import { readLog } from './log/read-log.ts';
import { Orphans } from './orphans.ts';
import { Queues } from './queues.ts';
import { Records } from './records.ts';
import type { DeploymentRecord } from './records.ts';
import { checkRequest, idOf } from './request-check.ts';
import { readSettings } from './settings.ts';
import type { PlatformSettings, Settings } from './settings.ts';

/** How a local deployer is made. */
export interface LocalDeployerOptions {
  /** Where it keeps what it must not forget. One deployer at a time uses it; what runs belongs to it. */
  readonly directory: string;
  /** Runs builtin apps and those of modules; without it there are none. */
  readonly host?: AppHost | undefined;
  /** Variables that every app gets. */
  readonly environment?: Readonly<Record<string, string>> | undefined;
  /** Deployment properties that hold for all, under full names; those of a request are stronger. */
  readonly properties?: Readonly<Record<string, string>> | undefined;
  /**
   * Full names of deployment properties that requests cannot set (default: those that choose programs, directories and what is
   * inherited).
   */
  readonly fixedProperties?: readonly string[] | undefined;
  readonly secrets?: SecretResolver | undefined;
  /** Where ports are reserved (default: within `directory`). Deployers that share it never give out the same port. */
  readonly portClaims?: string | undefined;
  /** The environment that apps inherit from by name (default: this process's). */
  readonly env?: NodeJS.ProcessEnv | undefined;
  /** Told of what goes wrong in the background (default: a line on the error output). */
  readonly onProblem?: ((error: unknown) => void) | undefined;
}

function capabilitiesWith(host: AppHost | undefined): DeployerCapabilities {
  return Object.freeze({
    resources: Object.freeze(
      host === undefined ? (['jar', 'executable'] as const) : (['builtin', 'module', 'jar', 'executable'] as const),
    ),
    fuse: host !== undefined,
    stableIndexes: true,
    restartsInstances: false,
    followsLogs: true,
  });
}

/** What there is between `open` and `close`. */
interface OpenState {
  readonly lock: Lock;
  readonly context: DeploymentContext;
  readonly orphans: Orphans;
}

const lockWaitMs = 2000;

/** Runs apps as processes of this machine. What it started outlives it and is adopted by the next one on the same directory. */
export class LocalDeployer implements Deployer {
  readonly platform = 'local';
  readonly capabilities: DeployerCapabilities;
  readonly #options: LocalDeployerOptions;
  readonly #platformSettings: PlatformSettings;
  readonly #onProblem: (error: unknown) => void;
  readonly #clock: Clock = systemClock;
  readonly #deployments = new Map<string, Deployment>();
  readonly #queues = new Queues();
  readonly #listeners = new Set<(status: DeploymentStatus) => void>();
  /** What listeners were told last, as text. */
  readonly #told = new Map<string, string>();
  #open: OpenState | undefined;

  constructor(options: LocalDeployerOptions) {
    this.#options = options;
    this.capabilities = capabilitiesWith(options.host);
    this.#platformSettings = { properties: options.properties, fixed: options.fixedProperties };
    this.#onProblem = options.onProblem ?? ((error) => process.stderr.write(`local deployer: ${String(error)}\n`));
  }

  async open(): Promise<void> {
    if (process.platform === 'win32') throw raise('PLATFORM_UNSUPPORTED', { system: process.platform });
    mkdirSync(this.#options.directory, { recursive: true, mode: 0o700 });
    // Marks and claims hold by the name of the directory, so there must be only one.
    const directory = realpathSync(this.#options.directory);
    const lock = await acquireLock(join(directory, 'lock'), lockWaitMs);
    if (lock === undefined) throw raise('DIRECTORY_BUSY', { directory });
    const context = this.#newContext(directory);
    this.#open = { lock, context, orphans: new Orphans(directory) };
    await Promise.all(context.records.ids().map((id) => this.#adopt(id, context)));
  }

  idOf(request: DeploymentRequest): string {
    return idOf(request, readSettings(request, this.#platformSettings));
  }

  async validate(request: DeploymentRequest): Promise<readonly string[]> {
    const { settings } = this.#check(request);
    return settings.ignored.map((name) => `'${name}' means nothing on the local platform and is ignored`);
  }

  async deploy(request: DeploymentRequest): Promise<string> {
    const { id, settings } = this.#check(request);
    await this.#queues.run(id, () => this.#storing(id, () => this.#deploy(id, request, settings)));
    return id;
  }

  async undeploy(id: string): Promise<void> {
    await this.#queues.run(id, async () => {
      const deployment = this.#deployments.get(id);
      if (deployment === undefined) await this.#endUnknown(id);
      else await this.#end(deployment);
    });
  }

  async scale(id: string, count: number): Promise<void> {
    if (!Number.isInteger(count) || count < 0) throw deployerError('COUNT_INVALID', { id, count });
    await this.#queues.run(id, () => this.#storing(id, () => this.#known(id).run(count)));
  }

  async status(id: string): Promise<DeploymentStatus> {
    this.#opened();
    return this.#statusOf(id);
  }

  async statuses(ids: readonly string[] = [...this.#deployments.keys()]): Promise<readonly DeploymentStatus[]> {
    this.#opened();
    return ids.map((id) => this.#statusOf(id));
  }

  watch(listener: (status: DeploymentStatus) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  async list(): Promise<readonly string[]> {
    const { orphans, context } = this.#opened();
    return [...new Set([...this.#deployments.keys(), ...context.records.ids(), ...orphans.ids()])];
  }

  async *log(id: string, options: LogOptions = {}): AsyncGenerator<LogLine, void, undefined> {
    const deployment = this.#known(id);
    if (deployment.inheritsLogging) throw raise('LOG_INHERITED', { id });
    const known = deployment.status().instances.map((each) => each.id);
    const { instance } = options;
    if (instance !== undefined && !known.includes(instance))
      throw deployerError('INSTANCE_UNKNOWN', { id, instance, known: known.join(', ') || 'none' });
    yield* deployment.reading(readLog(() => deployment.logs(), options));
  }

  async environmentInfo(): Promise<EnvironmentInfo> {
    return environmentInfo(this.#options.directory);
  }

  async close(): Promise<void> {
    const open = this.#open;
    if (open === undefined) return;
    await this.#queues.idle();
    this.#open = undefined;
    for (const deployment of this.#deployments.values()) deployment.close();
    this.#deployments.clear();
    open.lock.release();
  }

  #newContext(directory: string): DeploymentContext {
    const { host, secrets, environment = {}, env = process.env, portClaims = join(directory, 'ports') } = this.#options;
    return {
      directory,
      records: new Records(join(directory, 'deployments')),
      claims: new PortClaims(portClaims, (_, owner) => existsSync(owner)),
      command: { host, env },
      environment: { server: env, given: environment, mark: directory },
      secrets,
      clock: this.#clock,
      onProblem: this.#onProblem,
    };
  }

  #check(request: DeploymentRequest): { readonly id: string; readonly settings: Settings } {
    const settings = readSettings(request, this.#platformSettings);
    const id = idOf(request, settings);
    checkRequest(request, settings, this.capabilities, this.#opened().context.command);
    return { id, settings };
  }

  async #deploy(id: string, request: DeploymentRequest, settings: Settings): Promise<void> {
    const digest = requestDigest(request);
    const before = this.#deployments.get(id);
    if (before?.isEnding === true) await this.#end(before);
    else if (before !== undefined) {
      if (before.digest !== digest) throw deployerError('DEPLOYMENT_DIFFERS', { id });
      return before.run(settings.count);
    }
    const { context, orphans } = this.#opened();
    if (orphans.wasSeen(id)) await orphans.end(id);
    const root = settings.workingDirectoriesRoot ?? join(context.directory, 'work');
    const workingDirectory = join(root, String(this.#clock.now()), id);
    const deployment = this.#newDeployment(
      { format: 1, id, request, digest, workingDirectory, wanted: 0, instances: [] },
      settings,
    );
    try {
      await deployment.run(settings.count);
    } catch (error) {
      await this.#end(deployment);
      throw error;
    }
  }

  #newDeployment(record: DeploymentRecord, settings: Settings): Deployment {
    const deployment = new Deployment(record, settings, this.#opened().context, () => this.#tell(record.id));
    this.#deployments.set(record.id, deployment);
    return deployment;
  }

  // One record that cannot be used must not keep the others from being adopted; `list` shows it and `undeploy` ends what it stands for.
  async #adopt(id: string, { records }: DeploymentContext): Promise<void> {
    try {
      const record = records.read(id);
      const deployment = this.#newDeployment(record, readSettings(record.request, this.#platformSettings));
      await deployment.adopt();
      if (deployment.isEnding) this.undeploy(id).catch(this.#onProblem);
    } catch (error) {
      this.#onProblem(error);
    }
  }

  async #end(deployment: Deployment): Promise<void> {
    await deployment.end();
    this.#deployments.delete(deployment.id);
    this.#tell(deployment.id);
  }

  async #endUnknown(id: string): Promise<void> {
    const { orphans, context } = this.#opened();
    if (!isName(id)) return;
    await orphans.end(id);
    context.records.remove(id);
  }

  #known(id: string): Deployment {
    this.#opened();
    const found = this.#deployments.get(id);
    if (found === undefined) throw deployerError('DEPLOYMENT_UNKNOWN', { platform: this.platform, id });
    return found;
  }

  #opened(): OpenState {
    if (this.#open === undefined) throw deployerError('CLOSED', { platform: this.platform });
    return this.#open;
  }

  #statusOf(id: string): DeploymentStatus {
    return this.#deployments.get(id)?.status() ?? unknownStatus(id);
  }

  #tell(id: string): void {
    if (this.#listeners.size === 0) return;
    const status = this.#statusOf(id);
    const text = JSON.stringify(status);
    if (this.#told.get(id) === text) return;
    if (status.state === 'unknown') this.#told.delete(id);
    else this.#told.set(id, text);
    for (const listener of this.#listeners) this.#safely(() => listener(status));
  }

  #safely(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#onProblem(error);
    }
  }

  async #storing(id: string, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      const { code, syscall } = error as NodeJS.ErrnoException;
      throw code !== undefined && syscall !== undefined ? raise('STORAGE_FAILED', { id, problem: messageOf(error) }, error) : error;
    }
  }
}
