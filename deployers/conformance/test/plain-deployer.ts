import { setTimeout as sleep } from 'node:timers/promises';
import { defineOptions } from '@millrace/core';
import {
  appState,
  checkName,
  deployerError,
  deploymentId,
  readProperties,
  requestDigest,
  unknownStatus,
  withSecrets,
} from '@millrace/deployer-contract';
import type {
  CommonSettings,
  Deployer,
  DeployerCapabilities,
  DeploymentRequest,
  DeploymentStatus,
  EnvironmentInfo,
  InstanceStatus,
  LogLine,
  LogOptions,
} from '@millrace/deployer-contract';
import { parseSize } from '@millrace/deployer-contract';
import { PlainApp } from './plain-app.ts';

interface PlainInstance {
  readonly lines: LogLine[];
  restarts: number;
  app: PlainApp;
}

interface PlainDeployment {
  readonly id: string;
  readonly group: string;
  readonly request: DeploymentRequest;
  wanted: number;
  readonly instances: PlainInstance[];
}

/** What deployers of one platform share: what runs outlives each of them. */
export class PlainPlatform {
  readonly deployments = new Map<string, PlainDeployment>();
  readonly secrets: Readonly<Record<string, string>>;
  listeners = new Set<(id: string) => void>();

  constructor(secrets: Readonly<Record<string, string>>) {
    this.secrets = secrets;
  }
}

const platform = 'plain';
const longAgo = 1_700_000_000_000;

const plainCapabilities: DeployerCapabilities = Object.freeze({
  resources: Object.freeze(['executable'] as const),
  fuse: false,
  stableIndexes: true,
  restartsInstances: false,
  followsLogs: true,
});

/** A deployer that does what the contract says, with apps that are objects of this process. */
export class PlainDeployer implements Deployer {
  readonly platform = platform;
  readonly capabilities: DeployerCapabilities;
  readonly #shared: PlainPlatform;
  readonly #listeners = new Set<(status: DeploymentStatus) => void>();
  #row: Promise<unknown> = Promise.resolve();
  #isOpen = false;

  constructor(shared: PlainPlatform, capabilities: DeployerCapabilities = plainCapabilities) {
    this.#shared = shared;
    this.capabilities = capabilities;
  }

  async open(): Promise<void> {
    this.#isOpen = true;
    this.#shared.listeners = new Set([(id) => this.#tell(id)]);
  }

  idOf(request: DeploymentRequest): string {
    const { group } = this.#settings(request);
    checkName('the deployment name', request.name);
    if (group !== '') checkName('the group', group);
    return deploymentId(request.name, group);
  }

  async validate(request: DeploymentRequest): Promise<readonly string[]> {
    this.#check(request);
    const { ignored } = readProperties({ platform, options: defineOptions({}) }, request.deploymentProperties ?? {});
    return ignored.map((name) => `'${name}' is ignored`);
  }

  async deploy(request: DeploymentRequest): Promise<string> {
    this.#check(request);
    const id = this.idOf(request);
    await this.#inRow(async () => {
      const { count, group } = this.#settings(request);
      const before = this.#shared.deployments.get(id);
      if (before !== undefined && requestDigest(before.request) !== requestDigest(request))
        throw deployerError('DEPLOYMENT_DIFFERS', { id });
      const deployment = before ?? { id, group, request, wanted: count, instances: [] };
      await this.#run(deployment, count);
    });
    return id;
  }

  async undeploy(id: string): Promise<void> {
    await this.#inRow(async () => {
      for (const { app } of this.#shared.deployments.get(id)?.instances ?? []) app.end();
      this.#shared.deployments.delete(id);
      this.#tell(id);
    });
  }

  async scale(id: string, count: number): Promise<void> {
    if (!Number.isInteger(count) || count < 0) throw deployerError('COUNT_INVALID', { id, count });
    await this.#inRow(() => this.#run(this.#known(id), count));
  }

  async status(id: string): Promise<DeploymentStatus> {
    this.#opened();
    return this.#statusOf(id);
  }

  async statuses(ids: readonly string[] = [...this.#shared.deployments.keys()]): Promise<readonly DeploymentStatus[]> {
    this.#opened();
    return ids.map((id) => this.#statusOf(id));
  }

  watch(listener: (status: DeploymentStatus) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  async list(): Promise<readonly string[]> {
    this.#opened();
    return [...this.#shared.deployments.keys()];
  }

  async *log(id: string, { tail = 500, follow = false, instance, stream, signal }: LogOptions = {}): AsyncGenerator<LogLine> {
    this.#opened();
    const deployment = this.#known(id);
    const sources = deployment.instances.map(({ lines }, index) => ({ id: `${id}-${index}`, lines, read: -1 }));
    const chosen = sources.filter((each) => instance === undefined || each.id === instance);
    if (chosen.length === 0 && instance !== undefined)
      throw deployerError('INSTANCE_UNKNOWN', { id, instance, known: sources.map((each) => each.id).join(', ') });
    for (;;) {
      for (const source of chosen) {
        const lines = source.lines.filter((line) => stream === undefined || line.stream === stream);
        if (source.read < 0) source.read = Math.max(0, lines.length - tail);
        for (; source.read < lines.length; source.read++) yield lines[source.read]!;
      }
      if (!follow || signal?.aborted === true || this.#shared.deployments.get(id) !== deployment) return;
      await sleep(2);
    }
  }

  async environmentInfo(): Promise<EnvironmentInfo> {
    const texts = ['platformType', 'deployerName', 'deployerVersion', 'platformApiVersion', 'platformClientVersion'] as const;
    const info = Object.fromEntries(texts.map((name) => [name, platform])) as Record<(typeof texts)[number], string>;
    return { ...info, platformHostVersion: platform, details: {} };
  }

  async close(): Promise<void> {
    this.#isOpen = false;
  }

  async #run(deployment: PlainDeployment, count: number): Promise<void> {
    const { id, group, instances } = deployment;
    const resolver = async (name: string) => this.#shared.secrets[name] ?? Promise.reject(new Error('it does not exist'));
    const request = await withSecrets(id, deployment.request, resolver);
    this.#shared.deployments.set(id, deployment);
    deployment.wanted = count;
    for (const { app } of instances.splice(count)) app.end();
    for (let index = 0; index < count; index++) {
      const before = instances[index];
      if (before !== undefined && before.app.state !== 'ended') continue;
      const lines = before?.lines ?? [];
      const restarts = before === undefined ? 0 : before.restarts + 1;
      instances[index] = { lines, restarts, app: this.#start(request, { id, group, index, count }, lines) };
    }
    this.#tell(id);
  }

  #start(
    request: DeploymentRequest,
    { id, group, index, count }: { readonly id: string; readonly group: string; readonly index: number; readonly count: number },
    lines: LogLine[],
  ): PlainApp {
    const env = {
      INSTANCE_INDEX: String(index),
      SPRING_CLOUD_STREAM_INSTANCE_INDEX: String(index),
      SPRING_CLOUD_STREAM_INSTANCE_COUNT: String(count),
      SPRING_CLOUD_APPLICATION_GUID: `${id}-${index}`,
      SPRING_CLOUD_APPLICATION_GROUP: group,
    };
    const start = { index, env, properties: request.apps[0].properties, args: request.arguments ?? [] };
    const app = new PlainApp(start, () => {
      for (const listener of this.#shared.listeners) listener(id);
    });
    const instance = `${id}-${index}`;
    lines.push(...app.lines.splice(0).map((line) => ({ instance, ...line })));
    app.lines.push = (...more) => lines.push(...more.map((line) => ({ instance, ...line })));
    return app;
  }

  #statusOf(id: string): DeploymentStatus {
    const deployment = this.#shared.deployments.get(id);
    if (deployment === undefined) return unknownStatus(id);
    const instances = deployment.instances.map((each, index) => instanceStatus(`${id}-${index}`, index, each));
    const { wanted } = deployment;
    return {
      id,
      wanted,
      instances,
      state: appState(
        instances.map(({ state }) => state),
        wanted,
      ),
    };
  }

  #settings(request: DeploymentRequest): CommonSettings {
    const { common } = readProperties({ platform, options: defineOptions({}) }, request.deploymentProperties ?? {});
    if (common.memory !== undefined) parseSize('memory', common.memory);
    return common;
  }

  #check(request: DeploymentRequest): void {
    this.#opened();
    this.idOf(request);
    for (const { resource, label: app } of request.apps) {
      const { kind } = resource;
      const supported = this.capabilities.resources.join(', ');
      if (!this.capabilities.resources.includes(kind))
        throw deployerError('RESOURCE_UNSUPPORTED', { platform, kind, app, supported });
      if ('path' in resource && resource.path.startsWith('/nowhere'))
        throw deployerError('RESOURCE_MISSING', { app, path: resource.path });
    }
    if (request.apps.length > 1)
      throw deployerError('FUSE_UNSUPPORTED', {
        apps: request.apps.map(({ label }) => label).join(', '),
        problem: 'it is not declared',
      });
  }

  #known(id: string): PlainDeployment {
    const found = this.#shared.deployments.get(id);
    if (found === undefined) throw deployerError('DEPLOYMENT_UNKNOWN', { platform, id });
    return found;
  }

  #opened(): void {
    if (!this.#isOpen) throw deployerError('CLOSED', { platform });
  }

  async #inRow(work: () => Promise<void>): Promise<void> {
    this.#opened();
    const mine = this.#row.then(work, work);
    this.#row = mine.catch(() => undefined);
    await mine;
  }

  #tell(id: string): void {
    for (const listener of this.#listeners) {
      try {
        listener(this.#statusOf(id));
      } catch {
        // whoever listens is no part of this
      }
    }
  }
}

function instanceStatus(id: string, index: number, { app, restarts, lines }: PlainInstance): InstanceStatus {
  const common = { id, index, restarts, attributes: { guid: id } };
  if (app.state === 'starting') return { ...common, state: 'deploying' };
  if (app.state === 'up') return { ...common, state: 'deployed' };
  if (app.state === 'unwell') return { ...common, state: 'failed', reason: 'UNHEALTHY', message: 'it says so' };
  const lastLines = lines.slice(-5).map(({ text }) => text);
  const lastEnd = { at: longAgo, exitCode: app.exitCode ?? 0, reason: 'EXITED' as const, lastLines };
  return { ...common, state: 'failed', reason: 'EXITED', message: `exit code ${app.exitCode}`, lastEnd };
}
