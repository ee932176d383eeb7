import type {
  Binder,
  BinderCapabilities,
  ConsumerBinding,
  ConsumerOptions,
  LogFacet,
  ParkingFacet,
  ProducerBinding,
  Provisioner,
  QueueConsumer,
  QueueConsumerOptions,
  QueueFacet,
  RegionBinding,
  RegionWatch,
  Selector,
  Transaction,
  TransactionFacet,
  WatchOptions,
} from '@millrace/messaging/binder';

/** Where a binder is made to do something wrong. Each function gets the real thing and returns what replaces parts of it. */
export interface Sabotage {
  /** What the harness's restart does. */
  readonly restart?: () => Promise<void>;
  readonly capabilities?: (real: BinderCapabilities) => BinderCapabilities;
  readonly producer?: (real: ProducerBinding) => Partial<ProducerBinding>;
  readonly binder?: (real: Binder) => Partial<Binder>;
  readonly destination?: (name: string) => string;
  readonly group?: (name: string | undefined) => string | undefined;
  readonly consumerOptions?: (options: ConsumerOptions) => ConsumerOptions;
  readonly consumer?: (real: ConsumerBinding) => Partial<ConsumerBinding>;
  readonly log?: (real: LogFacet) => Partial<LogFacet>;
  readonly transactions?: (real: TransactionFacet) => Partial<TransactionFacet>;
  readonly queue?: (real: QueueFacet) => Partial<QueueFacet>;
  readonly queueOptions?: (options: QueueConsumerOptions) => QueueConsumerOptions;
  readonly queueConsumer?: (real: QueueConsumer) => Partial<QueueConsumer>;
  readonly region?: (real: RegionBinding) => Partial<RegionBinding>;
  readonly watchSelector?: (selector: Selector) => Selector;
  readonly watchOptions?: (options: WatchOptions) => WatchOptions;
  readonly watch?: (real: RegionWatch, region: RegionBinding, selector: Selector, options: WatchOptions) => Partial<RegionWatch>;
  readonly parking?: (real: ParkingFacet) => Partial<ParkingFacet>;
  readonly provisioner?: (real: Provisioner) => Partial<Provisioner>;
}

/** A binder that differs from the real one exactly where it is sabotaged. */
export function sabotaged(real: Binder, sabotage: Sabotage): Binder {
  const originals = new WeakMap<object, ConsumerBinding>();
  const named = (name: string) => sabotage.destination?.(name) ?? name;
  const facets = {
    capabilities: sabotage.capabilities?.(real.capabilities) ?? real.capabilities,
    provisioner: replaced(real.provisioner, sabotage.provisioner?.(real.provisioner)),
    log: real.log && replaced(real.log, sabotage.log?.(real.log)),
    queue: real.queue && brokenQueue(real.queue, sabotage),
    region: real.region && replaced(real.region, { open: openRegion(real, sabotage) }),
    parking: real.parking && replaced(real.parking, sabotage.parking?.(real.parking)),
    transactions: real.transactions && brokenTransactions(real.transactions, sabotage, originals),
  };
  return replaced<Binder>(real, {
    ...facets,
    ...sabotage.binder?.(real),
    async bindProducer(destination, options) {
      const producer = await real.bindProducer(named(destination), options);
      return replaced(producer, sabotage.producer?.(producer));
    },
    async bindConsumer(destination, group, options = {}) {
      const name = sabotage.group === undefined ? group : sabotage.group(group);
      const consumer = await real.bindConsumer(named(destination), name, sabotage.consumerOptions?.(options) ?? options);
      const broken = replaced(consumer, sabotage.consumer?.(consumer));
      originals.set(broken, consumer);
      return broken;
    },
  });
}

/** The object with some of its properties replaced; methods keep working on the original. */
function replaced<T extends object>(real: T, parts: Partial<T> | undefined): T {
  return new Proxy(real, {
    get(target, name) {
      if (parts !== undefined && Object.hasOwn(parts, name)) return parts[name as keyof T];
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
}

function brokenQueue(real: QueueFacet, sabotage: Sabotage): QueueFacet {
  const broken = replaced(real, sabotage.queue?.(real));
  return replaced(broken, {
    async consume(queue, options = {}) {
      const consumer = await broken.consume(queue, sabotage.queueOptions?.(options) ?? options);
      return replaced(consumer, sabotage.queueConsumer?.(consumer));
    },
  });
}

function openRegion(real: Binder, sabotage: Sabotage): NonNullable<Binder['region']>['open'] {
  return async (name, wished) => {
    const region = await real.region!.open(name, wished);
    const broken = replaced(region, sabotage.region?.(region));
    return replaced(broken, {
      async watch(selector, wanted) {
        const options = sabotage.watchOptions?.(wanted) ?? wanted;
        const watch = await broken.watch(sabotage.watchSelector?.(selector) ?? selector, options);
        return replaced(watch, sabotage.watch?.(watch, region, selector, wanted));
      },
    });
  };
}

// The real facet knows its own bindings alone.
function brokenTransactions(
  real: TransactionFacet,
  sabotage: Sabotage,
  originals: WeakMap<object, ConsumerBinding>,
): TransactionFacet {
  const broken = replaced(real, sabotage.transactions?.(real));
  const original = (transaction: Transaction): Transaction => ({
    ...transaction,
    consumed: transaction.consumed.map(({ binding, deliveries }) => ({ binding: originals.get(binding) ?? binding, deliveries })),
  });
  return { commit: (transaction) => broken.commit(original(transaction)) };
}

/** The options without some of them: a binder that does not look at these. */
export function without<T extends object>(options: T, ...names: readonly (keyof T)[]): T {
  const kept = Object.entries(options).filter(([name]) => !names.includes(name as keyof T));
  return Object.fromEntries(kept) as T;
}
