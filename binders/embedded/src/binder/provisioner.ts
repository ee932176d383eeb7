import type { DestinationInfo, DestinationSpec, Provisioner } from '@millrace/messaging/binder';
import type { Client } from './client.ts';

/** Creates and removes destinations of the embedded broker. */
export class EmbeddedProvisioner implements Provisioner {
  readonly #client: Client;

  constructor(client: Client) {
    this.#client = client;
  }

  async ensure(destination: string, spec: DestinationSpec = {}): Promise<DestinationInfo> {
    const { meta } = await this.#client.link.call('destination.ensure', { name: destination, spec });
    return meta.info;
  }

  async describe(destination: string): Promise<DestinationInfo | undefined> {
    const { meta } = await this.#client.link.call('destination.describe', { name: destination });
    return meta.info;
  }

  async list(): Promise<readonly DestinationInfo[]> {
    const { meta } = await this.#client.link.call('destination.list', {});
    return meta.infos;
  }

  async delete(destination: string): Promise<void> {
    await this.#client.link.call('destination.delete', { name: destination });
  }

  deadLetterName(destination: string, group: string): string {
    return `error.${destination}.${group}`;
  }
}
