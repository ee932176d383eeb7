import type { StreamNode } from './ast.ts';
import { bindingKeys, defineStream, type StreamAppType, type StreamDefinition } from './definition.ts';

/** An app of a stream. */
export interface StreamGraphApp {
  readonly id: string;
  readonly kind: 'app';
  readonly name: string;
  /** Only where it differs from the name. */
  readonly label?: string;
  readonly type?: StreamAppType;
  /** Options, content types under their full binding names included. */
  readonly properties?: Readonly<Record<string, string>>;
  /** The name of its stream, if it has one. */
  readonly stream?: string;
  /** Which definition of the graph it belongs to; keeps the members of an unbound list together. */
  readonly definition?: number;
}

/** A named destination; each name occurs once, so that fan-out and fan-in through it can be seen. */
export interface StreamGraphDestination {
  readonly id: string;
  readonly kind: 'destination';
  readonly name: string;
}

/** A node of a graph of streams. */
export type StreamGraphNode = StreamGraphApp | StreamGraphDestination;

/**
 * A link: `pipe` from app to the next app of its stream, `read` from a destination to an app, `write` from an app to a
 * destination, `tap` from an app of one stream to the first app of another, which reads what the former emits.
 */
export interface StreamGraphLink {
  readonly from: string;
  readonly to: string;
  readonly kind: 'pipe' | 'read' | 'write' | 'tap';
  /** The consumer group of a `read` or `tap`, where one is given. */
  readonly group?: string;
}

/** One or several streams as a graph. */
export interface StreamGraph {
  readonly nodes: readonly StreamGraphNode[];
  readonly links: readonly StreamGraphLink[];
}

/** The graph of stream definitions. Ids count from `"0"` in the order of the text; a definition's position is its `definition`. */
export function streamsToGraph(definitions: readonly StreamNode[]): StreamGraph {
  return new StreamGraphBuilder().build(definitions);
}

class StreamGraphBuilder {
  readonly #nodes: StreamGraphNode[] = [];
  readonly #links: StreamGraphLink[] = [];
  readonly #destinations = new Map<string, string>();
  /** Ids of apps by the destination that a tap on them names. */
  readonly #taps = new Map<string, string>();

  build(definitions: readonly StreamNode[]): StreamGraph {
    const defined = definitions.map((node) => ({ node, definition: defineStream(node) }));
    const ids = defined.map(({ node, definition }, index) => this.#addApps(definition, index, node.name));
    for (const [index, { definition }] of defined.entries()) this.#addEnds(definition, ids[index]!);
    return { nodes: this.#nodes, links: this.#links };
  }

  #addApps({ apps }: StreamDefinition, index: number, stream: string | undefined): string[] {
    return apps.map(({ name, label, type, options, bindings }, position) => {
      const id = String(this.#nodes.length);
      const properties = { ...contentTypesOf(bindings), ...options };
      this.#nodes.push({
        id,
        kind: 'app',
        name,
        ...(label === name ? {} : { label }),
        type,
        ...(Object.keys(properties).length === 0 ? {} : { properties }),
        ...(stream === undefined ? {} : { stream }),
        definition: index,
      });
      if (position > 0 && type !== 'app') this.#links.push({ from: String(Number(id) - 1), to: id, kind: 'pipe' });
      if (stream !== undefined && position < apps.length - 1 && type !== 'app') this.#taps.set(`${stream}.${label}`, id);
      return id;
    });
  }

  #addEnds({ source, group, sink }: StreamDefinition, ids: readonly string[]): void {
    if (source !== undefined) {
      const tapped = this.#taps.get(source);
      const from = tapped ?? this.#destination(source);
      const kind = tapped === undefined ? 'read' : 'tap';
      this.#links.push({ from, to: ids[0]!, kind, ...(group === undefined ? {} : { group }) });
    }
    if (sink !== undefined) this.#links.push({ from: ids.at(-1)!, to: this.#destination(sink), kind: 'write' });
  }

  #destination(name: string): string {
    const known = this.#destinations.get(name);
    if (known !== undefined) return known;
    const id = String(this.#nodes.length);
    this.#nodes.push({ id, kind: 'destination', name });
    this.#destinations.set(name, id);
    return id;
  }
}

function contentTypesOf(bindings: Readonly<Record<string, string>>): Record<string, string> {
  const { inputContentType, outputContentType } = bindingKeys;
  return Object.fromEntries(Object.entries(bindings).filter(([key]) => key === inputContentType || key === outputContentType));
}
