import { describe, expect, it } from 'vitest';
import { jsonLines, millrace, temporaryDirectory } from './command.ts';

describe('publish and tail', () => {
  it('publishes one payload or the lines of standard input, and reads them back from a position with a filter', async () => {
    const cwd = temporaryDirectory();
    expect((await millrace(['publish', 'orders', '{"id": 0}', '--key', 'a', '-H', 'type=tea'], { cwd })).stdout).toBe(
      'published to orders, partition 0, offset 0\n',
    );
    const lines = Array.from({ length: 2500 }, (_, index) => JSON.stringify({ id: index + 1 })).join('\n');
    expect(jsonLines((await millrace(['publish', 'orders', '--json'], { cwd, input: lines })).stdout)).toEqual([
      { destination: 'orders', published: 2500 },
    ]);

    const all = await millrace(['tail', 'orders', '--from', 'earliest', '--filter', 'payload.id % 1000 == 0', '--json'], { cwd });
    expect(jsonLines(all.stdout)).toMatchObject([
      { offset: 0, key: 'a', payload: { id: 0 }, headers: { type: 'tea' } },
      { offset: 1000, payload: { id: 1000 } },
      { offset: 2000, payload: { id: 2000 } },
    ]);
    expect((await millrace(['tail', 'orders', '-n', '2'], { cwd })).stdout).toBe('0@2499 {"id":2499}\n0@2500 {"id":2500}\n');
    expect((await millrace(['tail', 'orders', '--from', '2499', '--limit', '1'], { cwd })).stdout).toBe('0@2499 {"id":2499}\n');
  });

  it('refuses a line that is no JSON before anything of its chunk is published', async () => {
    const cwd = temporaryDirectory();
    const outcome = await millrace(['publish', 'orders'], { cwd, input: '{"id": 1}\nnonsense\n' });
    expect(outcome).toMatchObject({ code: 2, stdout: '' });
    expect(outcome.stderr).toContain('INVALID_ARGUMENT: line 2 is no JSON');
    expect((await millrace(['destinations', '--json'], { cwd })).stdout).not.toContain('"count":1');
  });
});

it('shows payloads of bytes as base64, in JSON as an object', async () => {
  const cwd = temporaryDirectory();
  await millrace(['run', 'p = load-generator --message-count=1 --message-size=3 > :raw'], { cwd });
  expect((await millrace(['tail', 'raw', '--json'], { cwd })).stdout).toContain('"payload":{"base64":"AAAA"}');
});

describe('destinations', () => {
  it('creates, lists, shows and deletes', async () => {
    const cwd = temporaryDirectory();
    expect((await millrace(['destinations', 'create', 'wide', '--partitions', '4'], { cwd })).stdout).toContain('4 partitions');
    expect(jsonLines((await millrace(['destinations', 'list', '--json'], { cwd })).stdout)).toMatchObject([
      { name: 'wide', kind: 'log', partitions: 4 },
    ]);
    expect(JSON.parse((await millrace(['destinations', 'show', 'wide'], { cwd })).stdout)).toMatchObject({
      name: 'wide',
      partitions: 4,
    });
    expect(await millrace(['destinations', 'delete', 'wide'], { cwd })).toMatchObject({ code: 0, stdout: 'deleted wide\n' });
    expect(await millrace(['destinations', 'show', 'wide'], { cwd })).toMatchObject({ code: 1 });
  });
});

describe('regions', () => {
  it('puts, gets, queries, watches and deletes', async () => {
    const cwd = temporaryDirectory();
    await millrace(['regions', 'put', 'seats', '7A', '{"price": 120, "sold": false}'], { cwd });
    await millrace(['regions', 'put', 'seats', '7B', '{"price": 80, "sold": true}'], { cwd });
    expect((await millrace(['regions', 'get', 'seats', '7A'], { cwd })).stdout).toBe('{"price":120,"sold":false}\n');
    expect(
      jsonLines((await millrace(['regions', 'get', 'seats', '--where', 'price < 100', '--json'], { cwd })).stdout),
    ).toMatchObject([{ key: '7B' }]);
    expect((await millrace(['regions', 'get', 'seats', '9Z'], { cwd })).stderr).toContain(
      "NOT_FOUND: region 'seats' has no entry '9Z'",
    );
    expect((await millrace(['regions', 'get', 'seat'], { cwd })).stderr).toContain("no region 'seat'; did you mean 'seats'?");
    const watching = millrace(['regions', 'watch', 'seats', '--limit', '1'], { cwd });
    await new Promise((resolve) => setTimeout(resolve, 2000));
    await millrace(['regions', 'delete', 'seats', '7B'], { cwd });
    const { stdout } = await watching;
    expect(stdout).toContain('snapshot 7A');
    expect(stdout).toContain('-- live --');
    expect(stdout).toContain('removed  7B  (was {"price":80,"sold":true})');
  });
});
