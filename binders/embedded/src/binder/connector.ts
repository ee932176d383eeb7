import type { Channel } from '../wire/channel.ts';

/** A way to a broker that runs. */
export interface Connection {
  readonly channel: Channel;
  /** Ends the connection, and the broker with it if it runs on our behalf; what is under way there is finished first. */
  release(): Promise<void>;
}

/** Finds the broker of a data directory, or becomes it. */
export interface Connector {
  readonly dataDir: string;
  /** `again`: there was a connection before. */
  connect(again: boolean): Promise<Connection>;
}
