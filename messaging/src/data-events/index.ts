import type { Region } from '../definitions.ts';
import { idSource } from '../policies/ids.ts';
import { Deadlines } from '../policies/deadlines.ts';
import type { Regions, Services } from '../runtime/services.ts';
import { originSeparator } from './event-decoder.ts';
import { RegionMap } from './live-map.ts';
import { RegionEntries } from './region-entries.ts';
import type { RegionHandle, Watch, WatchHandler, WatchRequest } from './region-handle.ts';
import { RegionRoute, type RegionServices } from './region-route.ts';
import { RegionWatcher } from './region-watcher.ts';
import { planWatch } from './watch-plan.ts';

/** The data-event pattern of one runtime. */
export function createRegions(services: Services): Regions {
  return new RegionPattern(services);
}

class RegionPattern implements Regions {
  readonly #shared: RegionServices;
  readonly #routes = new Map<Region<never>, RegionRoute>();

  constructor(services: Services) {
    const deadlines = new Deadlines(services.clock);
    // Instances of one service share a name, but each must know its own writes from theirs.
    const origin = `${services.name}${originSeparator}${idSource(services.clock.now())()}`;
    this.#shared = { services, deadlines, origin };
  }

  region<V>(region: Region<V>): RegionHandle<V> {
    const definition = region as Region<never>;
    let route = this.#routes.get(definition);
    if (route === undefined) this.#routes.set(definition, (route = new RegionRoute(this.#shared, definition)));
    return new Handle(this.#shared, region, route);
  }

  async close(): Promise<void> {
    await Promise.all([...this.#routes.values()].map((route) => route.close()));
    this.#shared.deadlines.close();
  }
}

class Handle<V> extends RegionEntries<V> implements RegionHandle<V> {
  readonly name: string;
  readonly #services: RegionServices;
  readonly #way: RegionRoute;

  constructor(shared: RegionServices, region: Region<V>, route: RegionRoute) {
    super(shared, region, route);
    this.name = region.name;
    this.#services = shared;
    this.#way = route;
  }

  async get(key: string): Promise<V | undefined> {
    return (await this.getEntry(key))?.value;
  }

  async watch(request: WatchRequest<V>, handler: WatchHandler<V>): Promise<Watch> {
    this.#services.services.assertOpen('watch');
    const region = await this.#way.open();
    const { origin } = this.#services;
    const about = { binder: region.binder.name, region: this.name, origin, isJson: this.coder.isJson };
    const plan = planWatch(request, region.can, about);
    const watcher = new RegionWatcher({ shared: this.#services, region, coder: this.coder, request, plan, handler });
    await watcher.start();
    return watcher;
  }

  async liveMap(query: Pick<WatchRequest<V>, 'keys' | 'prefix' | 'pattern' | 'where'> = {}): Promise<RegionMap<V>> {
    const map = new RegionMap<V>(this.name, this.#services.services.log);
    await map.follow((request, handler) => this.watch(request, handler), query);
    return map;
  }
}
