import type { joinGroupV9 } from '@platformatic/kafka';
import type { Library } from '../client/library.ts';
import { assignCooperatively, assignInRanges } from './assignor.ts';
import type { Assignment, MemberView } from './assignor.ts';

/** How the members of a group share its partitions out. All must agree on it. */
export interface Strategy {
  /** What Kafka's own consumers call it. */
  readonly name: 'cooperative-sticky' | 'range';
  /** Whether members give everything up before they join again. */
  readonly isEager: boolean;
  assign(members: readonly MemberView[], partitions: ReadonlyMap<string, number>): Assignment;
}

export const strategies: Readonly<Record<Strategy['name'], Strategy>> = {
  'cooperative-sticky': { name: 'cooperative-sticky', isEager: false, assign: assignCooperatively },
  range: { name: 'range', isEager: true, assign: assignInRanges },
};

const version = 3;

/** What a member tells the leader of its group, in the form of Kafka's own consumers. */
export function encodeSubscription(library: Library, topic: string, owned: readonly number[], generation: number): Buffer {
  // Older consumers of Kafka read the generation from here.
  const userData = Buffer.alloc(4);
  userData.writeInt32BE(generation);
  return library.encodeConsumerProtocolSubscription({
    version,
    topics: [topic],
    userData,
    ownedPartitions: [{ topic, partitions: [...owned] }],
    generationId: generation,
  });
}

export function decodeMember(
  library: Library,
  { memberId, groupInstanceId, metadata }: joinGroupV9.JoinGroupResponseMember,
): MemberView {
  const { topics, ownedPartitions, generationId, userData } = library.decodeConsumerProtocolSubscription(metadata);
  return {
    id: memberId,
    instanceId: groupInstanceId ?? undefined,
    topics,
    owned: new Map(ownedPartitions.map(({ topic, partitions }) => [topic, partitions])),
    generation: generationId >= 0 ? generationId : library.decodeCooperativeStickyGeneration(userData),
  };
}

export function encodeAssignment(library: Library, assignment: Assignment): { memberId: string; assignment: Buffer }[] {
  return [...assignment].map(([memberId, topics]) => {
    const assignedPartitions = [...topics].map(([topic, partitions]) => ({ topic, partitions: [...partitions] }));
    return { memberId, assignment: library.encodeConsumerProtocolAssignment({ version, assignedPartitions }) };
  });
}

export function decodeAssignment(library: Library, bytes: Buffer, topic: string): readonly number[] {
  const { assignedPartitions } = library.decodeConsumerProtocolAssignment(bytes);
  return assignedPartitions.filter((each) => each.topic === topic).flatMap(({ partitions }) => partitions);
}
