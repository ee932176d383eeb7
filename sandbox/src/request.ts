import { raise } from './errors.ts';
import { parseMemory } from './memory.ts';
import type { ServerKind } from './server-kind.ts';
import { kindNamed } from './servers/index.ts';

/** A server as it is asked for. What is left out is the default, or what an existing server was set up with. */
export interface ServerRequest {
  /** Name, with a version after a colon where it is not the default: `kafka`, `kafka:3.9.2`. */
  readonly server: string;
  readonly nodes?: number | undefined;
  /** The memory limit, e.g. `512m`. */
  readonly memory?: string | undefined;
  /** Ports by name; the server's own name stands for its main port. Of several nodes each has the next number. */
  readonly ports?: Readonly<Record<string, number>> | undefined;
  /** TLS and passwords, with generated certificates. */
  readonly secure?: boolean | undefined;
  /** Settings of the server itself, in the names of its configuration file. */
  readonly config?: Readonly<Record<string, string>> | undefined;
}

/** A request that was checked, with its defaults still open. */
export interface ParsedRequest {
  readonly kind: ServerKind;
  readonly version: string;
  /** The server's name in the sandbox. */
  readonly name: string;
  readonly nodes?: number | undefined;
  readonly memoryBytes?: number | undefined;
  readonly ports: Readonly<Record<string, number>>;
  readonly secure?: boolean | undefined;
  readonly config?: Readonly<Record<string, string>> | undefined;
}

/** Checks a request. Throws `UNKNOWN_SERVER`, `UNKNOWN_VERSION`, `BAD_NODES`, `BAD_MEMORY`, `BAD_PORT`, `UNKNOWN_PORT` or `BAD_CONFIG_VALUE`. */
export function parseRequest(request: ServerRequest): ParsedRequest {
  const { server, nodes, memory, ports = {}, secure, config } = request;
  const [text, version] = server.split(':', 2) as [string, string | undefined];
  const kind = kindNamed(text);
  const [standard] = kind.versions as [string];
  if (version !== undefined && !kind.versions.includes(version))
    throw raise('UNKNOWN_VERSION', { server: kind.name, version, known: kind.versions.join(', ') });
  if (nodes !== undefined && !kind.nodeCounts.includes(nodes))
    throw raise('BAD_NODES', { server: kind.name, allowed: kind.nodeCounts.join(' or '), nodes });
  for (const [name, port] of Object.entries(ports)) checkPort(kind, name, port);
  for (const [name, value] of Object.entries(config ?? {}))
    if (/[\r\n]/.test(name + value)) throw raise('BAD_CONFIG_VALUE', { name: name.split(/[\r\n]/)[0], server: kind.name });
  return {
    kind,
    version: version ?? standard,
    name: version === undefined || version === standard ? kind.name : `${kind.name}-${version}`,
    nodes,
    memoryBytes: memory === undefined ? undefined : parseMemory(memory),
    ports,
    secure,
    config,
  };
}

function checkPort(kind: ServerKind, name: string, port: number): void {
  if (!Number.isInteger(port) || port < 1 || port > 65_535) throw raise('BAD_PORT', { text: port });
  const known = [kind.name, ...new Set(kind.members(1, true).flatMap((member) => member.ports))];
  if (!known.includes(name)) throw raise('UNKNOWN_PORT', { server: kind.name, port: name, known: [...new Set(known)].join(', ') });
}

/** The port that was asked for, if one was: node 1 gets the number given, the next nodes the next numbers. */
export function portOf(
  { kind, ports }: Pick<ParsedRequest, 'kind' | 'ports'>,
  member: { readonly name: string; readonly ports: readonly string[] },
  port: string,
): number | undefined {
  const isMain = member.name.startsWith('node-') && member.ports[0] === port;
  const given = ports[port] ?? (isMain ? ports[kind.name] : undefined);
  return given === undefined ? undefined : given + Number(/^node-(\d+)$/.exec(member.name)?.[1] ?? 1) - 1;
}
