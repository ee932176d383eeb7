import { dslError, raise } from '../errors.ts';
import { argumentsRecord } from '../lexing/arguments.ts';
import { isEnding, type FlowNode, type SplitNode, type TaskAppNode, type TaskNode, type TransitionNode } from './ast.ts';

/** A node of a task graph: START, END, SYNC, `$END`, `$FAIL` or an app. The form is that of SCDF's designer. */
export interface TaskGraphNode {
  readonly id: string;
  readonly name: string;
  readonly properties?: Readonly<Record<string, string>>;
  readonly metadata?: {
    readonly label?: string;
    /** Marks the start of a sequence of its own, so that it is written as one again. */
    readonly kind?: 'sequence';
  };
}

/** A link of a task graph. With a transition name it is followed on that exit code or status only. */
export interface TaskGraphLink {
  readonly from: string;
  readonly to: string;
  readonly properties?: { readonly transitionName?: string | null };
}

/** A task as a graph, from START to END. */
export interface TaskGraph {
  readonly nodes: readonly TaskGraphNode[];
  readonly links: readonly TaskGraphLink[];
}

/**
 * The graph of a task. Node ids count from `"0"` in the order of the text; START is first, END last. A transition to the label of
 * another sequence leads to a copy of it, one for each flow that uses it. Throws code 160 for a label that does not exist, and
 * `graphTooLarge` beyond 10,000 nodes.
 */
export function taskToGraph(node: TaskNode): TaskGraph {
  return new GraphBuilder(node).build();
}

/** Sequences that use each other from many flows could ask for any number of copies. */
const nodeLimit = 10_000;

/** A place where a path waits for the node it goes on with. */
interface Open {
  readonly from: string;
  readonly transition?: TransitionNode;
}

/** One copy of a sequence: which of its labels have a node, and which transitions wait for one. */
interface Copy {
  readonly sequence: FlowNode;
  readonly outer?: Copy;
  readonly nodes: Map<string, string>;
  readonly waiting: Map<string, Open[]>;
}

/** What is known while a flow is built. */
interface FlowState {
  readonly copy: Copy;
  /** Targets of transitions that the flow shares. */
  readonly shared: Map<string, string>;
  /** Ends of alternative paths, which join what follows the flow. */
  readonly exits: Open[];
  /** Transitions to other sequences. */
  readonly departures: { readonly label: string; readonly open: Open }[];
}

class GraphBuilder {
  readonly #node: TaskNode;
  readonly #nodes: TaskGraphNode[] = [];
  readonly #links: TaskGraphLink[] = [];
  readonly #labels: Map<FlowNode, ReadonlySet<string>>;
  readonly #referenced: ReadonlySet<string>;
  readonly #used = new Set<FlowNode>();
  /** Where in the text the transition of a link stands. */
  readonly #ranks = new Map<TaskGraphLink, number>();

  constructor(node: TaskNode) {
    this.#node = node;
    this.#labels = new Map(node.sequences.map((sequence) => [sequence, new Set(labelsIn(sequence))]));
    this.#referenced = new Set(node.sequences.flatMap(referencesIn));
  }

  build(): TaskGraph {
    const start = this.#addNode('START');
    const [main, ...others] = this.#node.sequences;
    const copy = this.#newCopy(main!, undefined, []);
    const ends = this.#buildFlow(main!, copy, [{ from: start }]);
    // Nothing leads to these, but a graph that forgot them would lose a part of the definition.
    for (const sequence of others) if (!this.#used.has(sequence)) ends.push(...this.#buildCopy(sequence, copy, []));
    this.#connect(ends, this.#addNode('END'));
    return { nodes: this.#nodes, links: this.#orderedLinks() };
  }

  // The first transition that matches is followed, so those of a node keep the order of the text, though links to what comes
  // later were made later.
  #orderedLinks(): TaskGraphLink[] {
    const coded = this.#links.filter((link) => this.#ranks.has(link));
    const queues = Map.groupBy(
      coded.toSorted((a, b) => this.#ranks.get(a)! - this.#ranks.get(b)!),
      ({ from }) => from,
    );
    return this.#links.map((link) => (this.#ranks.has(link) ? queues.get(link.from)!.shift()! : link));
  }

  #addNode(name: string, more: Omit<TaskGraphNode, 'id' | 'name'> = {}): string {
    if (this.#nodes.length >= nodeLimit) throw raise('graphTooLarge', { name: this.#node.name, limit: nodeLimit });
    const id = String(this.#nodes.length);
    this.#nodes.push({ id, name, ...more });
    return id;
  }

  #metadata(label: string, copy: Copy, element: TaskAppNode | SplitNode): NonNullable<TaskGraphNode['metadata']> {
    return { label, ...(this.#startsSequence(copy, element) ? { kind: 'sequence' } : {}) };
  }

  #startsSequence({ sequence }: Copy, element: TaskAppNode | SplitNode): boolean {
    return sequence !== this.#node.sequences[0] && sequence.elements[0] === element;
  }

  #connect(opens: readonly Open[], to: string): void {
    for (const { from, transition } of opens) {
      if (transition === undefined) this.#links.push({ from, to });
      else {
        const link = { from, to, properties: { transitionName: transition.code } };
        this.#links.push(link);
        this.#ranks.set(link, transition.start);
      }
    }
  }

  #newCopy(sequence: FlowNode, outer: Copy | undefined, arrivals: FlowState['departures']): Copy {
    this.#used.add(sequence);
    const waiting = new Map<string, Open[]>();
    for (const { label, open } of arrivals) waiting.set(label, [...(waiting.get(label) ?? []), open]);
    return { sequence, ...(outer && { outer }), nodes: new Map(), waiting };
  }

  #buildCopy(sequence: FlowNode, outer: Copy, arrivals: FlowState['departures']): Open[] {
    return this.#buildFlow(sequence, this.#newCopy(sequence, outer, arrivals), []);
  }

  #buildFlow(flow: FlowNode, copy: Copy, entry: readonly Open[]): Open[] {
    const state: FlowState = { copy, shared: new Map(), exits: [], departures: [] };
    let open = entry;
    for (const element of flow.elements) {
      open = element.kind === 'app' ? this.#buildApp(element, state, open) : this.#buildSplit(element, copy, open);
    }
    return [...open, ...state.exits, ...this.#buildDepartures(state)];
  }

  #buildDepartures({ copy, departures }: FlowState): Open[] {
    const bySequence = Map.groupBy(departures, ({ label }) => this.#sequenceOf(label)!);
    return [...bySequence].flatMap(([sequence, arrivals]) => this.#buildCopy(sequence, copy, arrivals));
  }

  #sequenceOf(label: string): FlowNode | undefined {
    return this.#node.sequences.find((sequence) => this.#labels.get(sequence)!.has(label));
  }

  #buildSplit(split: SplitNode, copy: Copy, entry: readonly Open[]): Open[] {
    const label = split.label?.name;
    const isTarget = label !== undefined && (this.#referenced.has(label) || this.#startsSequence(copy, split));
    let open = entry;
    if (isTarget || open.length > 1) {
      const sync = this.#addNode('SYNC', isTarget ? { metadata: this.#metadata(label, copy, split) } : {});
      this.#connect(open, sync);
      if (isTarget) this.#place(label, sync, copy);
      open = [{ from: sync }];
    }
    return split.branches.flatMap((branch) => this.#buildFlow(branch, copy, open));
  }

  #buildApp(app: TaskAppNode, state: FlowState, open: readonly Open[]): Open[] {
    const id = this.#addApp(app, state.copy);
    this.#connect(open, id);
    if (app.label !== undefined) this.#place(app.label.name, id, state.copy);
    for (const transition of app.transitions) this.#buildTransition(transition, id, state);
    return [{ from: id }];
  }

  #addApp(app: TaskAppNode, copy: Copy): string {
    const metadata = app.label === undefined ? {} : { metadata: this.#metadata(app.label.name, copy, app) };
    const properties = app.args.length === 0 ? {} : { properties: argumentsRecord(app.args) };
    return this.#addNode(app.name, { ...properties, ...metadata });
  }

  // Transitions that came before the node are linked to it now.
  #place(label: string, id: string, copy: Copy): void {
    copy.nodes.set(label, id);
    this.#connect(copy.waiting.get(label) ?? [], id);
    copy.waiting.delete(label);
  }

  #buildTransition(transition: TransitionNode, from: string, state: FlowState): void {
    const { target } = transition;
    if (target.kind === 'app') this.#buildTarget(target.app, { from, transition }, state);
    else this.#buildReference(target.label, { from, transition }, state);
  }

  #buildTarget(app: TaskAppNode, open: Open, { copy, shared, exits }: FlowState): void {
    const key = JSON.stringify([app.label?.name, app.name, argumentsRecord(app.args)]);
    const known = shared.get(key);
    const id = known ?? this.#addApp(app, copy);
    this.#connect([open], id);
    if (known !== undefined) return;
    shared.set(key, id);
    if (app.label !== undefined) this.#place(app.label.name, id, copy);
    if (!isEnding(app)) exits.push({ from: id });
  }

  #buildReference(label: string, open: Open, { copy, departures }: FlowState): void {
    const home = this.#copyWith(label, copy);
    const id = home?.nodes.get(label);
    if (id !== undefined) this.#connect([open], id);
    else if (home !== undefined) home.waiting.set(label, [...(home.waiting.get(label) ?? []), open]);
    else if (this.#sequenceOf(label) !== undefined) departures.push({ label, open });
    else throw this.#undefinedLabel(label, open.transition!.start);
  }

  #undefinedLabel(label: string, position: number): Error {
    return dslError('TASK_VALIDATION_TRANSITION_TARGET_LABEL_UNDEFINED', { text: this.#node.text, position }, { found: label });
  }

  #copyWith(label: string, copy: Copy | undefined): Copy | undefined {
    if (copy === undefined || this.#labels.get(copy.sequence)!.has(label)) return copy;
    return this.#copyWith(label, copy.outer);
  }
}

function labelsIn(flow: FlowNode): string[] {
  return flow.elements.flatMap((element) => {
    const own = element.label === undefined ? [] : [element.label.name];
    if (element.kind === 'split') return [...own, ...element.branches.flatMap(labelsIn)];
    return [
      ...own,
      ...element.transitions.flatMap(({ target }) => (target.kind === 'app' && target.app.label ? [target.app.label.name] : [])),
    ];
  });
}

function referencesIn(flow: FlowNode): string[] {
  return flow.elements.flatMap((element) => {
    if (element.kind === 'split') return element.branches.flatMap(referencesIn);
    return element.transitions.flatMap(({ target }) => (target.kind === 'label' ? [target.label] : []));
  });
}
