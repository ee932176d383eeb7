import { codeText, isExitCode } from './codes.ts';
import { isStop, joinElements, type Alternative, type FlowElement, type Stops } from './graph-flow.ts';
import { isMarker, malformed, TaskGraphIndex, type CodedLink } from './graph-index.ts';
import type { TaskGraph, TaskGraphNode } from './graph.ts';
import { appText } from './text.ts';

/**
 * The definition of a task graph. It is normalised: one-branch splits without transitions vanish, nested splits come first among
 * branches, codes are quoted unless they are exit codes. What only transitions lead to is written behind the transition, or as a
 * sequence of its own if it is more than one app. Throws `graphMalformed` for a graph that no definition stands for.
 */
export function taskGraphToText(graph: TaskGraph): string {
  return new GraphWriter(graph).write();
}

class GraphWriter {
  readonly #index: TaskGraphIndex;
  readonly #labels = new Map<TaskGraphNode, string>();
  readonly #taken: Set<string>;
  /** Heads that are written right behind their transition. */
  readonly #inline: ReadonlySet<TaskGraphNode>;
  /** From where transitions lead to a node. */
  readonly #sources: ReadonlyMap<TaskGraphNode, readonly TaskGraphNode[]>;
  /** Behind which app a head is written, of all that lead to it. */
  readonly #writers: ReadonlyMap<TaskGraphNode, TaskGraphNode>;
  readonly #written = new Set<TaskGraphNode>();

  constructor(graph: TaskGraph) {
    this.#index = new TaskGraphIndex(graph);
    const links = graph.nodes.flatMap((node) => this.#index.transitions(node).map(({ to }) => ({ from: node, to })));
    const grouped = [...Map.groupBy(links, ({ to }) => to)];
    this.#sources = new Map(grouped.map(([to, list]) => [to, list.map(({ from }) => from)]));
    this.#inline = new Set(this.#index.heads.filter((head) => this.#sources.has(head) && this.#isSingle(head)));
    this.#writers = new Map([...this.#inline].map((head) => [head, writerOf(head, this.#sources.get(head)!, graph.nodes)]));
    this.#taken = new Set(graph.nodes.map((node) => node.metadata?.label ?? node.name));
    for (const node of graph.nodes) if (node.metadata?.label) this.#labels.set(node, node.metadata.label);
    const targets = [...this.#sources].filter(([node, { length }]) => !isMarker(node) && (length > 1 || !this.#inline.has(node)));
    const heads = this.#index.heads.filter((head) => !this.#inline.has(head));
    for (const node of [...targets.map(([target]) => target), ...heads]) if (!this.#labels.has(node)) this.#giveLabel(node);
  }

  write(): string {
    const main = this.#flow(this.#index.next(this.#index.start), new Set());
    const heads = this.#index.heads.filter((head) => !this.#inline.has(head));
    // Copies of one sequence are one sequence again.
    return [main, ...new Set(heads.map((head) => this.#flow([head], this.#index.exitsOf(head))))].join(';');
  }

  #isSingle(head: TaskGraphNode): boolean {
    if (head.name === 'SYNC' || head.metadata?.kind === 'sequence') return false;
    return this.#index.transitions(head).length === 0 && this.#index.partOf(head).length === 1;
  }

  // What is written in one place and led to from another needs a label.
  #giveLabel(node: TaskGraphNode): void {
    const stem = node.name === 'SYNC' ? 'split' : node.name;
    let label = `${stem}2`;
    for (let number = 3; this.#taken.has(label); number++) label = `${stem}${number}`;
    this.#taken.add(label);
    this.#labels.set(node, label);
  }

  /** The flow from `targets` to the first of `stops`, or to END. */
  #flow(targets: readonly TaskGraphNode[], stops: Stops): string {
    const elements: FlowElement[] = [];
    let sync: TaskGraphNode | undefined;
    for (let current = targets; current.length > 0;) {
      const [node] = current;
      if (current.length === 1 && isStop(node!, stops)) break;
      if (current.length === 1 && node!.name === 'SYNC') {
        this.#visit(node!);
        sync = node!;
        current = this.#index.next(node!);
        continue;
      }
      const label = sync && this.#labels.get(sync);
      const { next, ...element } = current.length > 1 ? this.#split(current, stops) : this.#app(node!, label !== undefined);
      const entries = new Set(sync === undefined ? current : [...current, sync]);
      elements.push({ ...element, text: label === undefined ? element.text : `${label}: ${element.text}`, entries });
      current = next;
      sync = undefined;
    }
    return joinElements(elements, stops);
  }

  #visit(node: TaskGraphNode): void {
    if (this.#written.has(node)) {
      throw malformed(`'${node.name}' (id ${node.id}) is reached on two ways that do not join there`, 'let them join before it');
    }
    this.#written.add(node);
  }

  #app(node: TaskGraphNode, wrapped: boolean) {
    this.#visit(node);
    const links = this.#index.transitions(node);
    const alternatives = links.filter(({ to }) => this.#startsHere(to, node)).map(({ to }) => this.#alternative(to));
    const text = [this.#nodeText(node), ...links.map((link) => this.#transition(link, node))].join(' ');
    return { text: wrapped ? `<${text}>` : text, wrapped, alternatives, next: this.#index.next(node) };
  }

  #startsHere(target: TaskGraphNode, from: TaskGraphNode): boolean {
    if (this.#inline.has(target)) return this.#writers.get(target) === from && !this.#written.has(target);
    return this.#index.isHead(target);
  }

  #alternative(head: TaskGraphNode): Alternative {
    return { exits: this.#index.exitsOf(head), shared: !this.#inline.has(head) && this.#sources.get(head)!.length > 1 };
  }

  #nodeText(node: TaskGraphNode): string {
    return appText(this.#labels.get(node), node.name, node.properties ?? {});
  }

  #transition({ to, code }: CodedLink, from: TaskGraphNode): string {
    return `${codeText(code, isExitCode(code))}->${this.#target(to, from)}`;
  }

  #target(node: TaskGraphNode, from: TaskGraphNode): string {
    if (isMarker(node)) return node.name.startsWith('$') ? node.name : `$${node.name}`;
    if (!this.#inline.has(node) || !this.#startsHere(node, from)) return `:${this.#labels.get(node)}`;
    this.#visit(node);
    return this.#nodeText(node);
  }

  #split(targets: readonly TaskGraphNode[], stops: Stops) {
    const join = this.#joinOf(targets);
    const groups = this.#groups(targets, join);
    if (groups.length === 1) {
      const names = targets.map((target) => `'${target.name}'`).join(', ');
      throw malformed(`the branches that start with ${names} cross`, 'let them join before they part again');
    }
    const nestedFirst = [...groups.filter((group) => group.length > 1), ...groups.filter((group) => group.length === 1)];
    const branches = nestedFirst.map((group) => this.#flow(group, join === undefined ? stops : new Set([join])));
    return { text: `<${branches.join(' || ')}>`, wrapped: true, alternatives: [], next: join === undefined ? [] : [join] };
  }

  // The first node that all branches lead to: of those that they share, the one that leads to all others.
  #joinOf(targets: readonly TaskGraphNode[]): TaskGraphNode | undefined {
    const [first, ...others] = targets.map((target) => this.#index.reach(target));
    const common = [...first!].filter((node) => others.every((reach) => reach.has(node)));
    return common.toSorted((a, b) => this.#index.reach(b).size - this.#index.reach(a).size)[0];
  }

  // Branches that meet before the join form a split of their own.
  #groups(targets: readonly TaskGraphNode[], join: TaskGraphNode | undefined): TaskGraphNode[][] {
    const beyond = join === undefined ? undefined : this.#index.reach(join);
    let groups: { readonly members: TaskGraphNode[]; readonly reach: ReadonlySet<TaskGraphNode> }[] = [];
    for (const target of targets) {
      const reach = new Set([...this.#index.reach(target)].filter((node) => !beyond?.has(node)));
      const [apart, touching] = partition(groups, (group) => ![...group.reach].some((node) => reach.has(node)));
      const members = [...touching.flatMap((group) => group.members), target];
      groups = [...apart, { members, reach: new Set([...touching.flatMap((group) => Array.from(group.reach)), ...reach]) }];
    }
    return groups.map(({ members }) => members);
  }
}

function partition<Item>(items: readonly Item[], test: (item: Item) => boolean): [Item[], Item[]] {
  return [items.filter(test), items.filter((item) => !test(item))];
}

// The nearest before it in the list of nodes: where it stood, if the graph was made from a definition.
function writerOf(head: TaskGraphNode, sources: readonly TaskGraphNode[], nodes: readonly TaskGraphNode[]): TaskGraphNode {
  if (sources.length === 1) return sources[0]!;
  const before = nodes.slice(0, nodes.indexOf(head));
  return before.findLast((node) => sources.includes(node)) ?? sources[0]!;
}
