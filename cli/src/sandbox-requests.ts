import type { ServerRequest } from '@millrace/sandbox';
import { raise } from './errors.ts';

/** The options of `millrace sandbox up` that say something about single servers. */
export interface RequestFlags {
  readonly nodes: readonly string[];
  readonly memory: readonly string[];
  readonly port: readonly string[];
  readonly set: readonly string[];
  readonly secure?: boolean;
}

/** What one server of the command line was given. */
interface Assignment {
  readonly server: string;
  /** What stands between the server's name and the equals sign. */
  readonly name: string;
  readonly value: string;
}

/** Makes requests of server names and options such as `--port kafka=9092`. Throws `BAD_TARGET` and `BAD_NUMBER`. */
export function serverRequests(servers: readonly string[], flags: RequestFlags): readonly ServerRequest[] {
  const forAll = (option: '--nodes' | '--memory', texts: readonly string[]): readonly Assignment[] =>
    texts.flatMap((text) =>
      text.includes('=')
        ? assignment(option, text, 'server=value', servers)
        : servers.map((server) => ({ server, name: '', value: text })),
    );
  const nodes = forAll('--nodes', flags.nodes);
  const memory = forAll('--memory', flags.memory);
  const ports = flags.port.map((text) => assignment('--port', text, 'server=number or server.port=number', servers));
  const settings = flags.set.map((text) => assignment('--set', text, 'server.setting=value', servers));
  return servers.map((server) => ({
    server,
    nodes: optional(nodes, server, (text) => count('--nodes', text)),
    memory: optional(memory, server, (text) => text),
    ports: Object.fromEntries(
      given(ports, server).map(({ name, value }) => [name === '' ? server.split(':')[0]! : name, count('--port', value)]),
    ),
    ...(flags.secure ? { secure: true } : {}),
    ...(given(settings, server).length > 0
      ? { config: Object.fromEntries(given(settings, server).map(({ name, value }) => [name, value])) }
      : {}),
  }));
}

function given(assignments: readonly Assignment[], server: string): readonly Assignment[] {
  return assignments.filter((item) => item.server === server);
}

// Where an option is repeated, the last one counts.
function optional<T>(assignments: readonly Assignment[], server: string, read: (text: string) => T): T | undefined {
  const last = given(assignments, server).at(-1);
  return last === undefined ? undefined : read(last.value);
}

// Versions hold dots as port names' separators do: the server is found by its name, not by splitting.
function assignment(option: string, text: string, form: string, servers: readonly string[]): Assignment {
  const at = text.indexOf('=');
  const left = text.slice(0, Math.max(at, 0));
  const names = servers.flatMap((server) => [
    { server, shown: server },
    { server, shown: server.replace(':', '-') },
  ]);
  const target = names.find(({ shown }) => left === shown || left.startsWith(`${shown}.`));
  const name = target === undefined ? '' : left.slice(target.shown.length + 1);
  if (target === undefined || at === text.length - 1 || (option === '--set' && name === ''))
    throw raise('BAD_TARGET', { option, text, form, servers: servers.join(', ') });
  return { server: target.server, name, value: text.slice(at + 1) };
}

function count(option: string, text: string): number {
  if (!/^\d+$/.test(text) || Number(text) < 1) throw raise('BAD_NUMBER', { option, min: 1, text });
  return Number(text);
}
