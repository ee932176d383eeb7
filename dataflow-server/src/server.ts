import type { AddressInfo } from 'node:net';
import { createRequire } from 'node:module';
import type { FastifyInstance } from 'fastify';
import { problem } from '@millrace/dataflow-api';
import { raise } from './errors.ts';
import { appRoutes } from './http/apps.ts';
import { auditRoutes } from './http/audit.ts';
import { completionRoutes } from './http/completions.ts';
import { jobRoutes } from './http/jobs.ts';
import { listener } from './http/listener.ts';
import type { Report } from './http/listener.ts';
import type { Route } from './http/route.ts';
import { schemaRoutes } from './http/schema.ts';
import { serverRoutes } from './http/server-info.ts';
import { streamRoutes } from './http/streams.ts';
import type { StreamLife } from './http/streams.ts';
import { taskRoutes } from './http/tasks.ts';
import { toolRoutes } from './http/tools.ts';
import { ListReader } from './registry/list-reader.ts';
import { MetadataReader } from './registry/metadata-reader.ts';
import { Registry } from './registry/registry.ts';
import { Store } from './store/store.ts';
import { StreamDefinitions } from './streams/definitions.ts';
import type { StreamStates } from './streams/states.ts';
import { TaskDefinitions } from './tasks/definitions.ts';

const { version } = createRequire(import.meta.url)('../package.json') as { readonly version: string };

/** How a server is started. */
export interface ServerOptions {
  /** Default: 9393; 0: any free one. */
  readonly port?: number | undefined;
  /** Default: `127.0.0.1`. */
  readonly host?: string | undefined;
  /** Where its state is kept; without one it is gone when the server ends. */
  readonly dataDirectory?: string | undefined;
  /** Told what went wrong inside. Default: nobody. */
  readonly report?: Report | undefined;
}

/** A running server. */
export interface DataflowServer {
  /** Where it listens, as `http://host:port`. */
  readonly url: string;
  /** Ends requests under way, then the server. What it deployed runs on. */
  close(): Promise<void>;
}

const loopback = /^(127\.|::1$|localhost$)/;

/**
 * Starts the data-flow server. Resolves when it answers. Throws `PORT_TAKEN`, `NOT_LOOPBACK` and what {@link Store.open} throws; nothing is
 * left open then.
 */
export async function startServer(options: ServerOptions = {}): Promise<DataflowServer> {
  const { port = 9393, host = '127.0.0.1', dataDirectory, report = () => undefined } = options;
  if (!loopback.test(host)) throw raise('NOT_LOOPBACK', { host });
  const store = await Store.open(dataDirectory);
  const http = listener(routes(store), () => undefined, report);
  try {
    await listen(http, port, host);
  } catch (error) {
    await Promise.all([http.close(), store.close()]);
    throw error;
  }
  const { port: bound } = http.server.address() as AddressInfo;
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${bound}`,
    async close() {
      await http.close();
      await store.close();
    },
  };
}

async function listen(http: FastifyInstance, port: number, host: string): Promise<void> {
  try {
    await http.listen({ port, host });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') throw raise('PORT_TAKEN', { port, host }, error);
    throw error;
  }
}

function routes(store: Store): readonly Route[] {
  const registry = new Registry(store);
  const metadata = new MetadataReader();
  const streams = new StreamDefinitions(store, registry);
  const tasks = new TaskDefinitions(store, registry);
  const states: StreamStates = { of: () => 'undeployed' };
  return [
    ...serverRoutes({ version, platforms: {}, isAuthenticating: false }),
    ...appRoutes({ registry, metadata, lists: new ListReader(), inUse: { check: async () => undefined } }),
    ...streamRoutes({ streams, states, life: noPlatform, metadata }),
    ...taskRoutes({ tasks, metadata }),
    ...completionRoutes({ registry, streams, metadata }),
    ...toolRoutes,
    ...auditRoutes(store),
    ...jobRoutes,
    ...schemaRoutes,
  ];
}

/** Until a platform is configured. */
const noPlatform: StreamLife = {
  deploy: async (name) => Promise.reject(problem('PLATFORM_MISSING', { name })),
  undeploy: async () => undefined,
};
