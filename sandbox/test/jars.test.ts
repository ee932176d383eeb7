import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { fetchJars, jarFile, parseLock } from '../src/jars.ts';
import { kafka39 } from '../src/locks/kafka-3.9.ts';
import { kafka43 } from '../src/locks/kafka-4.3.ts';
import { kafka44 } from '../src/locks/kafka-4.4.ts';
import { temporaryDirectory } from './temporary.ts';

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
const lock = [`org.example.deep:one:1.0 ${sha256('first')}`, `org.example:two:2.1 ${sha256('second')}`];

/** A Maven repository that serves what it is given and counts what it was asked for. */
async function repository(
  files: Readonly<Record<string, string>>,
): Promise<{ url: string; asked: string[]; authorizations: unknown[] }> {
  const asked: string[] = [];
  const authorizations: unknown[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url!);
    authorizations.push(request.headers.authorization);
    const body = files[request.url!];
    response.writeHead(body === undefined ? 404 : 200).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/maven`, asked, authorizations };
}

const good = {
  '/maven/org/example/deep/one/1.0/one-1.0.jar': 'first',
  '/maven/org/example/two/2.1/two-2.1.jar': 'second',
};

it('downloads exactly the pinned files once, and then takes them from the cache', async () => {
  const { url, asked } = await repository(good);
  const env = { MILLRACE_CACHE: temporaryDirectory(), MILLRACE_MAVEN_REPOSITORY: `${url}/` };
  const told: string[] = [];
  const directory = await fetchJars('thing-1', lock, { env, onProgress: (text) => told.push(text) });
  expect(readdirSync(directory).toSorted()).toEqual(['one-1.0.jar', 'two-2.1.jar']);
  expect(readFileSync(join(directory, 'two-2.1.jar'), 'utf8')).toBe('second');
  expect(told).toContain('downloaded 2 of 2 jars');
  expect(await fetchJars('thing-1', lock, { env })).toBe(directory);
  expect(asked).toHaveLength(2);
});

it('fetches the same jars from many processes at once without harm', async () => {
  const { url } = await repository(good);
  const env = { MILLRACE_CACHE: temporaryDirectory(), MILLRACE_MAVEN_REPOSITORY: url };
  const directories = await Promise.all(Array.from({ length: 5 }, async () => fetchJars('thing-1', lock, { env })));
  expect(new Set(directories).size).toBe(1);
  expect(readdirSync(join(env.MILLRACE_CACHE, 'jars'))).toHaveLength(1);
});

it('uses nothing of a repository that serves another file than the pinned one', async () => {
  const { url } = await repository({ ...good, '/maven/org/example/two/2.1/two-2.1.jar': 'forged' });
  const env = { MILLRACE_CACHE: temporaryDirectory(), MILLRACE_MAVEN_REPOSITORY: url };
  await expect(fetchJars('thing-1', lock, { env })).rejects.toMatchObject({
    reason: 'CHECKSUM_WRONG',
    message: expect.stringContaining('two-2.1.jar'),
  });
  expect(readdirSync(join(env.MILLRACE_CACHE, 'jars'))).toEqual([]);
});

it('names the address and the answer where a file cannot be had', async () => {
  const { url } = await repository({});
  const env = { MILLRACE_CACHE: temporaryDirectory(), MILLRACE_MAVEN_REPOSITORY: url };
  await expect(fetchJars('thing-1', lock, { env })).rejects.toMatchObject({
    reason: 'DOWNLOAD_FAILED',
    message: expect.stringMatching(/\/maven\/org\/example.*404.*MILLRACE_MAVEN_REPOSITORY/),
  });
});

it('sends credentials of the address as a header and never shows them', async () => {
  const { url, authorizations } = await repository({});
  const address = url.replace('http://', 'http://bob:s3cret@');
  const env = { MILLRACE_CACHE: temporaryDirectory(), MILLRACE_MAVEN_REPOSITORY: address };
  const error = await fetchJars('thing-1', lock, { env }).catch((thrown: unknown) => thrown);
  expect((error as Error).message).not.toContain('s3cret');
  expect(authorizations[0]).toBe(`Basic ${Buffer.from('bob:s3cret').toString('base64')}`);
});

it.each([
  ['kafka-4.3', kafka43, 'kafka_2.13', '4.3.1'],
  ['kafka-3.9', kafka39, 'kafka_2.13', '3.9.2'],
  ['kafka-4.4', kafka44, 'kafka_2.13', '4.4.0'],
])('the lock list %s is well formed and holds the server', (_, lines, artifact, version) => {
  const jars = parseLock(lines);
  expect(jars).toHaveLength(lines.length);
  expect(jars.filter((jar) => jar.artifact === artifact).map((jar) => jar.version)).toEqual([version]);
  expect(new Set(jars.map(jarFile)).size).toBe(jars.length);
});
