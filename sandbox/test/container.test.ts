import { describe, expect, it } from 'vitest';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { containerInstallation, containerPlan, findEngine } from '../src/container.ts';
import type { MemberPlan, ServerKind, ServerRecord } from '../src/server-kind.ts';
import { serverKinds } from '../src/servers/index.ts';
import { temporaryDirectory } from './temporary.ts';

// No engine runs where these tests run: what is proved is the command line, not what an engine makes of it.
function containerOf(kind: ServerKind): { plan: MemberPlan; record: ServerRecord } {
  const version = kind.versions[0]!;
  const record: ServerRecord = {
    format: 1,
    name: kind.name,
    kind: kind.name,
    version,
    directory: join(temporaryDirectory(), kind.name),
    installation: containerInstallation(kind, version, '/usr/bin/podman'),
    members: kind
      .members(1, false)
      .map(({ name, ports }) => ({ name, ports: Object.fromEntries(ports.map((port, index) => [port, 11_000 + index])) })),
    memoryBytes: 512 * 2 ** 20,
    secure: false,
    config: {},
    credentials: { username: 'millrace', password: 'millrace' },
    seed: '0123456789abcdef',
  };
  const plan = kind
    .plan(record)
    .flat()
    .find(({ name }) => name === 'node-1')!;
  return { plan: containerPlan(kind.container!, record, plan), record };
}

describe.each(serverKinds.map((kind) => [kind.name, kind] as const))('%s as a container', (_, kind) => {
  it('is removed at its end, limited in memory and named after its directory', () => {
    const { plan } = containerOf(kind);
    expect(plan.command).toBe('/usr/bin/podman');
    expect(plan.args.slice(0, 3)).toEqual(['run', '--rm', '--init']);
    expect(plan.args.join(' ')).toContain(`--name ${plan.container!.name} --memory 768m`);
    expect(plan.container!.name).toMatch(new RegExp(`^millrace-${kind.name}-node-1-[0-9a-f]{8}$`));
  });

  it('listens on the loopback interface only, on the ports of the record', () => {
    const { plan } = containerOf(kind);
    const published = plan.args.filter((__, index) => plan.args[index - 1] === '--publish');
    expect(published.length).toBeGreaterThan(0);
    for (const mapping of published) expect(mapping).toMatch(/^127\.0\.0\.1:110\d\d:\d+$/);
  });

  it('keeps its data in the directory of the node', () => {
    const { plan, record } = containerOf(kind);
    expect(plan.args.join(' ')).toContain(`--volume ${join(record.directory, 'node-1/data')}:${kind.container!.data}`);
  });
});

it('makes brokers known under the port outside', () => {
  const { plan } = containerOf(serverKinds.find(({ name }) => name === 'kafka')!);
  expect(plan.args).toContain('KAFKA_ADVERTISED_LISTENERS=PLAINTEXT://127.0.0.1:11000');
});

it('takes only an engine that answers', async () => {
  const folder = temporaryDirectory();
  const program = (name: string, code: number): void => {
    writeFileSync(join(folder, name), `#!/bin/sh\nexit ${code}\n`);
    chmodSync(join(folder, name), 0o755);
  };
  program('docker', 1);
  expect(await findEngine({ PATH: folder })).toBeUndefined();
  program('podman', 0);
  expect(await findEngine({ PATH: folder })).toBe(join(folder, 'podman'));
});
