import { raise } from '../errors.ts';
import { apiIdOf } from './faults.ts';
import type { BrokerAddress, Link } from './link.ts';
import { addressText } from './link.ts';
import type { Library } from './library.ts';

/** The requests of the protocol that this binder makes, in the versions that it speaks. */
export interface Requests {
  readonly addOffsetsToTxn: Library['addOffsetsToTxnV3']['api'];
  readonly addPartitionsToTxn: Library['addPartitionsToTxnV3']['api'];
  readonly createPartitions: Library['createPartitionsV3']['api'];
  readonly createTopics: Library['createTopicsV7']['api'];
  readonly deleteGroups: Library['deleteGroupsV2']['api'];
  readonly deleteRecords: Library['deleteRecordsV2']['api'];
  readonly deleteTopics: Library['deleteTopicsV6']['api'];
  readonly describeConfigs: Library['describeConfigsV4']['api'];
  readonly describeGroups: Library['describeGroupsV5']['api'];
  readonly endTxn: Library['endTxnV3']['api'];
  readonly findCoordinator: Library['findCoordinatorV4']['api'];
  readonly heartbeat: Library['heartbeatV4']['api'];
  readonly initProducerId: Library['initProducerIdV4']['api'];
  readonly joinGroup: Library['joinGroupV9']['api'];
  readonly leaveGroup: Library['leaveGroupV5']['api'];
  readonly listGroups: Library['listGroupsV4']['api'];
  readonly listOffsets: Library['listOffsetsV7']['api'];
  readonly metadata: Library['metadataV12']['api'];
  readonly offsetCommit: Library['offsetCommitV8']['api'];
  readonly offsetDelete: Library['offsetDeleteV0']['api'];
  readonly offsetFetch: Library['offsetFetchV8']['api'];
  readonly syncGroup: Library['syncGroupV5']['api'];
  readonly txnOffsetCommit: Library['txnOffsetCommitV3']['api'];
}

/**
 * The one version of each request that this binder speaks: those that Kafka 3.2 to 4.x have in common. A fixed set is one code path
 * on all of them.
 */
export function requestsOf(library: Library): Requests {
  return {
    addOffsetsToTxn: library.addOffsetsToTxnV3.api,
    addPartitionsToTxn: library.addPartitionsToTxnV3.api,
    createPartitions: library.createPartitionsV3.api,
    createTopics: library.createTopicsV7.api,
    deleteGroups: library.deleteGroupsV2.api,
    deleteRecords: library.deleteRecordsV2.api,
    deleteTopics: library.deleteTopicsV6.api,
    describeConfigs: library.describeConfigsV4.api,
    describeGroups: library.describeGroupsV5.api,
    endTxn: library.endTxnV3.api,
    findCoordinator: library.findCoordinatorV4.api,
    heartbeat: library.heartbeatV4.api,
    initProducerId: library.initProducerIdV4.api,
    joinGroup: library.joinGroupV9.api,
    leaveGroup: library.leaveGroupV5.api,
    listGroups: library.listGroupsV4.api,
    listOffsets: library.listOffsetsV7.api,
    metadata: library.metadataV12.api,
    offsetCommit: library.offsetCommitV8.api,
    offsetDelete: library.offsetDeleteV0.api,
    offsetFetch: library.offsetFetchV8.api,
    syncGroup: library.syncGroupV5.api,
    txnOffsetCommit: library.txnOffsetCommitV3.api,
  };
}

/** Produce and Fetch are encoded and decoded by this package; only their numbers are the protocol's. */
export const produceRequest = { key: 0, version: 9 };
export const fetchRequest = { key: 1, version: 12 };

/** Checks that a broker speaks all of them. `FAILED_PRECONDITION` names the first that it does not. */
export async function checkVersions(library: Library, requests: Requests, link: Link, address: BrokerAddress): Promise<void> {
  const apiKeys = await versionsOf(library, link, address);
  const spoken = new Map(apiKeys.map((api) => [api.apiKey, api]));
  const needed: [string, { key: number; version: number }][] = [
    ...Object.entries(requests),
    ['produce', produceRequest],
    ['fetch', fetchRequest],
  ];
  for (const [api, { key, version }] of needed) {
    const range = spoken.get(key);
    if (range !== undefined && version >= range.minVersion && version <= range.maxVersion) continue;
    const found = range === undefined ? 'none' : `${range.minVersion} to ${range.maxVersion}`;
    throw raise('BROKER_TOO_OLD', { broker: addressText(address), api, version, found });
  }
}

async function versionsOf(library: Library, link: Link, address: BrokerAddress) {
  try {
    return (await link.call(library.apiVersionsV3.api, 'millrace', '0.1.0')).apiKeys;
  } catch (error) {
    if (apiIdOf(error) !== 'UNSUPPORTED_VERSION') throw error;
    throw raise('BROKER_TOO_OLD', { broker: addressText(address), api: 'apiVersions', version: 3, found: 'older ones' }, error);
  }
}
