import type { Declarations } from '../topology/declarations.ts';
import type { KnownDestination } from '../topology/catalogue.ts';
import type { Names } from '../topology/names.ts';

type Arguments = Readonly<Record<string, string | number>>;

/** What a destination of streams consists of: a stream for each partition, and for each group and partition one with its positions. */
export class StreamLayout {
  readonly #names: Names;
  readonly #declarations: Declarations;

  constructor(names: Names, declarations: Declarations) {
    this.#names = names;
    this.#declarations = declarations;
  }

  async create(entry: KnownDestination): Promise<void> {
    const { name, partitions } = entry;
    await this.#declarations.exchange(name);
    await Promise.all(
      partitionsOf(entry).map(async (partition) => {
        const stream = this.#names.stream(name, partition);
        await this.#declarations.stream(stream, retentionOf(entry));
        await this.#declarations.bindStream(stream, name, partition, partitions);
      }),
    );
  }

  /** The positions of a group in a partition. Only the last record counts, so little is kept. */
  async positions(destination: string, group: string, partition: number): Promise<string> {
    const stream = this.#names.positions(destination, group, partition);
    await this.#declarations.stream(stream, { 'x-max-length-bytes': 1_000_000, 'x-stream-max-segment-size-bytes': 500_000 });
    return stream;
  }

  objects(entry: KnownDestination): readonly string[] {
    return partitionsOf(entry).flatMap((partition) => [
      this.#names.stream(entry.name, partition),
      ...[...entry.groups].map((group) => this.#names.positions(entry.name, group, partition)),
    ]);
  }
}

export function partitionsOf({ partitions }: { readonly partitions: number }): readonly number[] {
  return Array.from({ length: partitions }, (_, partition) => partition);
}

/** The server drops whole segments, so these are made small enough for what is to be kept. Age is whole seconds. */
function retentionOf({ retentionMs, retentionBytes, partitions }: KnownDestination): Arguments {
  const bytes = retentionBytes === undefined ? undefined : Math.max(1, Math.floor(retentionBytes / partitions));
  const segment = bytes === undefined ? undefined : Math.min(500_000_000, Math.max(50_000, Math.floor(bytes / 4)));
  return {
    ...(retentionMs === undefined ? {} : { 'x-max-age': `${Math.max(1, Math.ceil(retentionMs / 1000))}s` }),
    ...(bytes === undefined ? {} : { 'x-max-length-bytes': bytes, 'x-stream-max-segment-size-bytes': segment! }),
  };
}
