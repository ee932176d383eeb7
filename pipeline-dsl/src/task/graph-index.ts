import { raise } from '../errors.ts';
import { isEnding } from './ast.ts';
import type { TaskGraph, TaskGraphLink, TaskGraphNode } from './graph.ts';

/** A link that is followed on one exit code or status only. */
export interface CodedLink {
  readonly to: TaskGraphNode;
  readonly code: string;
}

/**
 * A task graph prepared for reading: neighbours of nodes, and which part of the definition each node belongs to. The part of START
 * is what plain links lead to; the part of a head (a node that only transitions lead to) is what plain links lead to from there.
 */
export class TaskGraphIndex {
  readonly start: TaskGraphNode;
  /** Heads in the order in which they are found from START on. */
  readonly heads: readonly TaskGraphNode[];
  readonly #nodes: ReadonlyMap<string, TaskGraphNode>;
  readonly #plain = new Map<TaskGraphNode, TaskGraphNode[]>();
  readonly #coded = new Map<TaskGraphNode, CodedLink[]>();
  readonly #arrivals = new Set<TaskGraphNode>();
  readonly #parts = new Map<TaskGraphNode, TaskGraphNode>();
  readonly #members = new Map<TaskGraphNode, readonly TaskGraphNode[]>();
  readonly #reach = new Map<TaskGraphNode, ReadonlySet<TaskGraphNode>>();

  /** Throws `graphMalformed` if START or END is missing, or a link or node leads nowhere. */
  constructor(graph: TaskGraph) {
    this.#nodes = new Map(graph.nodes.map((node) => [node.id, node]));
    this.start = this.#named('START');
    this.#named('END');
    graph.links.forEach((link) => this.#addLink(link));
    this.heads = this.#divide(graph.nodes);
  }

  #named(name: string): TaskGraphNode {
    const node = [...this.#nodes.values()].find((candidate) => candidate.name === name);
    if (node === undefined) throw malformed(`it has no ${name} node`, 'add one');
    return node;
  }

  #node(id: string): TaskGraphNode {
    const node = this.#nodes.get(id);
    if (node === undefined) throw malformed(`a link names the node '${id}', which does not exist`, 'remove the link');
    return node;
  }

  #addLink({ from, to, properties }: TaskGraphLink): void {
    const source = this.#node(from);
    const target = this.#node(to);
    const code = properties?.transitionName;
    if (code === undefined || code === null) {
      if (!this.next(source).includes(target)) push(this.#plain, source, target);
      this.#arrivals.add(target);
    } else push(this.#coded, source, { to: target, code });
  }

  /** Where plain links lead. */
  next(node: TaskGraphNode): readonly TaskGraphNode[] {
    return this.#plain.get(node) ?? [];
  }

  /** Where transitions lead, in the order of the links. */
  transitions(node: TaskGraphNode): readonly CodedLink[] {
    return this.#coded.get(node) ?? [];
  }

  isHead(node: TaskGraphNode): boolean {
    return this.#parts.get(node) === node;
  }

  /** The nodes of a head's part, itself included. */
  partOf(head: TaskGraphNode): readonly TaskGraphNode[] {
    return this.#members.get(head) ?? [];
  }

  /** Where plain links leave a head's part. */
  exitsOf(head: TaskGraphNode): ReadonlySet<TaskGraphNode> {
    const targets = this.partOf(head).flatMap((node) => this.next(node));
    return new Set(targets.filter((node) => this.#parts.get(node) !== head));
  }

  /** Everything that plain links lead to from `node`, itself included. */
  reach(node: TaskGraphNode): ReadonlySet<TaskGraphNode> {
    const known = this.#reach.get(node);
    if (known !== undefined) return known;
    const found = new Set([node]);
    for (const reached of found) this.next(reached).forEach((target) => found.add(target));
    this.#reach.set(node, found);
    return found;
  }

  #divide(nodes: readonly TaskGraphNode[]): TaskGraphNode[] {
    const heads: TaskGraphNode[] = [];
    this.#claim(this.start, heads);
    for (const head of heads) this.#claim(head, heads);
    // What nothing leads to is a sequence that is not used.
    for (const node of nodes) {
      if (this.#parts.has(node) || this.#arrivals.has(node) || isMarker(node)) continue;
      heads.push(node);
      for (const head of heads) this.#claim(head, heads);
    }
    const lost = nodes.find((node) => !this.#parts.has(node) && !isMarker(node));
    if (lost !== undefined) throw malformed(`the links of '${lost.name}' form a circle`, 'use a transition to go back');
    return heads;
  }

  #claim(head: TaskGraphNode, heads: TaskGraphNode[]): void {
    if (this.#parts.has(head)) return;
    const claimed = [...this.reach(head)].filter((node) => !this.#parts.has(node));
    for (const node of claimed) this.#parts.set(node, head);
    this.#members.set(head, claimed);
    for (const { to } of claimed.flatMap((node) => this.transitions(node))) {
      if (!this.#parts.has(to) && !this.#arrivals.has(to) && !isMarker(to) && !heads.includes(to)) heads.push(to);
    }
  }
}

/** Whether a node marks an end and is not an app. */
export function isMarker(node: TaskGraphNode): boolean {
  return isEnding(node) || node.name === 'END' || node.name === 'FAIL' || node.name === 'START';
}

/** The error for a graph that no definition stands for. */
export function malformed(problem: string, hint: string): Error {
  return raise('graphMalformed', { problem, hint });
}

function push<Key, Value>(map: Map<Key, Value[]>, key: Key, value: Value): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else list.push(value);
}
