/** A value that only grows. */
export interface Counter {
  inc(by?: number): void;
  readonly value: number;
}

/** A value that goes up and down. */
export interface Gauge {
  set(value: number): void;
  readonly value: number;
}

/** The distribution of a value, in seconds or bytes. */
export interface Histogram {
  observe(value: number): void;
}

/** What a metric is about: few, short values; never message ids or keys. */
export type Labels = Readonly<Record<string, string>>;

type Kind = 'counter' | 'gauge' | 'histogram';

interface Family {
  readonly kind: Kind;
  readonly help: string;
  readonly children: Map<string, Child>;
}

interface Child {
  lines(name: string, labels: string): string[];
}

/** Latency buckets in seconds, from a quarter of a millisecond to ten seconds. */
const latencyBuckets = [0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/**
 * The metrics of one runtime. Asking again for the same name and labels gives the same child. A metric has at most `maxChildren`
 * label sets; further ones share a child whose labels all say `other`, so that labels from outside cannot fill memory.
 */
export class MetricsRegistry {
  readonly #families = new Map<string, Family>();
  readonly #maxChildren: number;

  constructor(maxChildren = 1000) {
    this.#maxChildren = maxChildren;
  }

  counter(name: string, help: string, labels: Labels = {}): Counter {
    return this.#child('counter', name, help, labels, () => new NumberChild()) as NumberChild;
  }

  gauge(name: string, help: string, labels: Labels = {}): Gauge {
    return this.#child('gauge', name, help, labels, () => new NumberChild()) as NumberChild;
  }

  histogram(name: string, help: string, labels: Labels = {}, buckets: readonly number[] = latencyBuckets): Histogram {
    return this.#child('histogram', name, help, labels, () => new HistogramChild(buckets)) as HistogramChild;
  }

  /** Everything in the Prometheus text exposition format 0.0.4. */
  text(): string {
    const lines: string[] = [];
    for (const [name, family] of this.#families) {
      lines.push(`# HELP ${name} ${family.help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')}`, `# TYPE ${name} ${family.kind}`);
      for (const [labels, child] of family.children) lines.push(...child.lines(name, labels));
    }
    return lines.length === 0 ? '' : `${lines.join('\n')}\n`;
  }

  #child(kind: Kind, name: string, help: string, labels: Labels, create: () => Child): Child {
    const family = this.#family(kind, name, help);
    let text = labelText(labels);
    if (!family.children.has(text) && family.children.size >= this.#maxChildren) text = labelText(others(labels));
    const known = family.children.get(text);
    if (known !== undefined) return known;
    const child = create();
    family.children.set(text, child);
    return child;
  }

  #family(kind: Kind, name: string, help: string): Family {
    const known = this.#families.get(name);
    if (known !== undefined) return known;
    const family: Family = { kind, help, children: new Map() };
    this.#families.set(name, family);
    return family;
  }
}

class NumberChild implements Counter, Gauge, Child {
  value = 0;

  inc(by = 1): void {
    this.value += by;
  }

  set(value: number): void {
    this.value = value;
  }

  lines(name: string, labels: string): string[] {
    return [`${name}${braced(labels)} ${this.value}`];
  }
}

class HistogramChild implements Histogram, Child {
  readonly #bounds: readonly number[];
  readonly #counts: number[];
  #count = 0;
  #sum = 0;

  constructor(bounds: readonly number[]) {
    this.#bounds = bounds;
    this.#counts = bounds.map(() => 0);
  }

  observe(value: number): void {
    this.#count++;
    this.#sum += value;
    let index = 0;
    while (index < this.#bounds.length && value > this.#bounds[index]!) index++;
    if (index < this.#bounds.length) this.#counts[index]!++;
  }

  lines(name: string, labels: string): string[] {
    let below = 0;
    const prefix = labels === '' ? '' : `${labels},`;
    const buckets = this.#bounds.map((bound, index) => `${name}_bucket{${prefix}le="${bound}"} ${(below += this.#counts[index]!)}`);
    return [
      ...buckets,
      `${name}_bucket{${prefix}le="+Inf"} ${this.#count}`,
      `${name}_sum${braced(labels)} ${this.#sum}`,
      `${name}_count${braced(labels)} ${this.#count}`,
    ];
  }
}

function labelText(labels: Labels): string {
  return Object.entries(labels)
    .map(([name, value]) => `${name}="${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`)
    .join(',');
}

function others(labels: Labels): Labels {
  return Object.fromEntries(Object.keys(labels).map((name) => [name, 'other']));
}

function braced(labels: string): string {
  return labels === '' ? '' : `{${labels}}`;
}
