/** Small facts that an app remembers by name: how far it read, what it has seen. */
export interface PositionStore {
  get(name: string): Promise<string | undefined>;
  /** Resolves when it is as durable as the store is. */
  put(name: string, value: string): Promise<void>;
}

/** A store that forgets everything at the end of the process. */
export function memoryPositions(): PositionStore {
  const values = new Map<string, string>();
  return {
    get: (name) => Promise.resolve(values.get(name)),
    put: (name, value) => {
      values.set(name, value);
      return Promise.resolve();
    },
  };
}

/** What is needed of a region's handle. */
interface RegionValues {
  get(key: string): Promise<string | undefined>;
  put(key: string, value: string): Promise<unknown>;
}

/** A store in a region: as durable as the region's binder. Names are put below `prefix`, so that apps do not meet. */
export function regionPositions(region: RegionValues, prefix: string): PositionStore {
  return {
    get: (name) => region.get(`${prefix}/${name}`),
    put: async (name, value) => {
      await region.put(`${prefix}/${name}`, value);
    },
  };
}
