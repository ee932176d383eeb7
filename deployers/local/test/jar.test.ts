import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findProgram } from '@millrace/processes';
import { describe, expect, it, onTestFinished } from 'vitest';
import { LocalDeployer } from '../src/index.ts';
import { zip } from './launch/zip.ts';
import { requestFor } from './scripts.ts';
import { temporaryDirectory } from './temporary.ts';

const source = `
import com.sun.net.httpserver.HttpServer;
import java.net.InetSocketAddress;

public class App {
  public static void main(String[] args) throws Exception {
    int port = Integer.parseInt(System.getenv("SERVER_PORT"));
    HttpServer server = HttpServer.create(new InetSocketAddress("127.0.0.1", port), 0);
    server.createContext("/", exchange -> {
      exchange.sendResponseHeaders(200, -1);
      exchange.close();
    });
    server.start();
    System.out.println("given " + System.getenv("SPRING_APPLICATION_JSON"));
    System.out.println("argument [" + args[0] + "] property [" + System.getProperty("some") + "]");
    System.out.println("heap " + Runtime.getRuntime().maxMemory() / 1024 / 1024);
    Runtime.getRuntime().addShutdownHook(new Thread(() -> System.out.println("ended in order")));
  }
}
`;

const javac = findProgram('javac');

function buildJar(directory: string, manifest: string): string {
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, 'App.java'), source);
  const built = spawnSync(javac!, ['-d', directory, join(directory, 'App.java')], { encoding: 'utf8' });
  expect(built.stderr).toBe('');
  const path = join(directory, 'app.jar');
  writeFileSync(path, zip({ 'META-INF/MANIFEST.MF': manifest, 'App.class': readFileSync(join(directory, 'App.class')) }));
  return path;
}

describe.skipIf(javac === undefined)('a jar', () => {
  it('runs with its properties, arguments, options and heap, and ends in order', async () => {
    const base = temporaryDirectory();
    const path = buildJar(join(base, 'build'), 'Manifest-Version: 1.0\nMain-Class: App\n');
    const deployer = new LocalDeployer({ directory: join(base, 'state') });
    await deployer.open();
    onTestFinished(async () => {
      await deployer.undeploy('app-v1');
      await deployer.close();
    });
    const app = { label: 'app', resource: { kind: 'jar', path }, properties: { 'a.b': 'ü' } } as const;
    const properties = { memory: '64m', 'local.javaOpts': '-Dsome="a b"', 'local.deleteFilesOnExit': 'false' };
    const id = await deployer.deploy({ ...requestFor(app, properties), arguments: ['x y'] });
    await expect.poll(async () => (await deployer.status(id)).state, { timeout: 25_000 }).toBe('deployed');
    const file = (await deployer.status(id)).instances[0]!.attributes['stdout']!;
    const read = () => readFileSync(file, 'utf8').trim().split('\n');
    await expect.poll(() => read().length, { timeout: 10_000 }).toBe(3);
    const [given, ...rest] = read();
    expect(JSON.parse(given!.slice('given '.length))).toMatchObject({ 'a.b': 'ü', 'instance.index': '0' });
    expect(rest).toEqual(['argument [x y] property [a b]', expect.stringMatching(/^heap (6\d)$/)]);
    await deployer.undeploy(id);
    expect(read().at(-1)).toBe('ended in order');
  }, 60_000);

  it('without a main class is refused', async () => {
    const base = temporaryDirectory();
    const path = buildJar(join(base, 'build'), 'Manifest-Version: 1.0\n');
    const deployer = new LocalDeployer({ directory: join(base, 'state') });
    await deployer.open();
    onTestFinished(() => deployer.close());
    const app = { label: 'app', resource: { kind: 'jar', path }, properties: {} } as const;
    const error = { reason: 'JAR_BROKEN', message: expect.stringContaining('main class') };
    await expect(deployer.deploy(requestFor(app))).rejects.toMatchObject(error);
  }, 60_000);
});
