import { raise } from '../errors.ts';
import type { StreamGraph, StreamGraphApp, StreamGraphLink, StreamGraphNode } from './graph.ts';
import { streamToText, type StreamOutline } from './text.ts';

/**
 * The definitions of a graph of streams, one per line, each with `name = ` if its stream has a name. Throws `graphMalformed` for
 * apps that are piped to or from several others, circles, and taps on a stream without name.
 */
export function streamGraphToText(graph: StreamGraph): string {
  return new StreamGraphWriter(graph).write();
}

class StreamGraphWriter {
  readonly #nodes: ReadonlyMap<string, StreamGraphNode>;
  readonly #out = new Map<string, StreamGraphLink>();
  readonly #in = new Map<string, StreamGraphLink>();
  /** The first app of each app's stream. */
  readonly #heads = new Map<StreamGraphApp, StreamGraphApp>();

  constructor({ nodes, links }: StreamGraph) {
    this.#nodes = new Map(nodes.map((node) => [node.id, node]));
    for (const link of links) {
      this.#app(link.kind === 'read' ? link.to : link.from);
      if (link.kind !== 'tap' && link.kind !== 'read') this.#claim(this.#out, link.from, link);
      if (link.kind !== 'write') this.#claim(this.#in, link.to, link);
    }
  }

  write(): string {
    const apps = [...this.#nodes.values()].filter((node) => node.kind === 'app');
    const chains = apps.filter((app) => this.#in.get(app.id)?.kind !== 'pipe').map((head) => this.#chain(head));
    const lost = apps.find((app) => !this.#heads.has(app));
    if (lost !== undefined) throw malformed(`the pipes of '${lost.name}' form a circle`, 'remove one of them');
    const lists = [...Map.groupBy(chains, listKey).values()];
    return lists.map((list) => this.#line(list.flat(), list.length > 1)).join('\n');
  }

  #claim(map: Map<string, StreamGraphLink>, id: string, link: StreamGraphLink): void {
    if (map.has(id)) {
      const problem = `'${this.#app(id).name}' (id ${id}) is linked to several places on the same side`;
      throw malformed(problem, 'let further streams tap it, or use a named destination');
    }
    map.set(id, link);
  }

  #node(id: string): StreamGraphNode {
    const node = this.#nodes.get(id);
    if (node === undefined) throw malformed(`a link names the node '${id}', which does not exist`, 'remove the link');
    return node;
  }

  #app(id: string): StreamGraphApp {
    const node = this.#node(id);
    if (node.kind !== 'app')
      throw malformed(`the destination '${node.name}' is linked like an app`, 'use links of kind read and write');
    return node;
  }

  #chain(head: StreamGraphApp): StreamGraphApp[] {
    const chain: StreamGraphApp[] = [];
    for (let app: StreamGraphApp | undefined = head; app !== undefined;) {
      chain.push(app);
      this.#heads.set(app, head);
      const link = this.#out.get(app.id);
      app = link?.kind === 'pipe' ? this.#app(link.to) : undefined;
    }
    return chain;
  }

  #line(apps: readonly StreamGraphApp[], isList: boolean): string {
    const incoming = this.#in.get(apps[0]!.id);
    const outgoing = this.#out.get(apps.at(-1)!.id);
    const outline: StreamOutline = {
      apps: apps.map(({ name, label, properties }) => ({
        name,
        ...(label === undefined ? {} : { label }),
        ...(isList ? { type: 'app' } : {}),
        options: properties ?? {},
      })),
      ...(incoming === undefined ? {} : { source: this.#sourceOf(incoming) }),
      ...(incoming?.group === undefined ? {} : { group: incoming.group }),
      ...(outgoing === undefined ? {} : { sink: this.#node(outgoing.to).name }),
    };
    const { stream } = apps[0]!;
    return `${stream === undefined ? '' : `${stream} = `}${streamToText(outline)}`;
  }

  #sourceOf(link: StreamGraphLink): string {
    if (link.kind !== 'tap') return this.#node(link.from).name;
    const app = this.#app(link.from);
    const stream = this.#heads.get(app)?.stream;
    if (stream === undefined) throw malformed(`the stream of the tapped app '${app.name}' has no name`, 'give it one');
    return `${stream}.${app.label ?? app.name}`;
  }
}

// Apps of one unbound list have no links; their definition holds them together.
function listKey(chain: readonly StreamGraphApp[]): unknown {
  const [app] = chain;
  return chain.length === 1 && app!.type === 'app' && app!.definition !== undefined ? app!.definition : chain;
}

function malformed(problem: string, hint: string): Error {
  return raise('graphMalformed', { problem, hint });
}
