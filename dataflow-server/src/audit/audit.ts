import type { Database } from '../store/store.ts';

/** Kinds of things that are done something to, with the numbers that Spring Cloud Data Flow gives them. */
export const auditOperations = {
  APP_REGISTRATION: [100, 'App Registration'],
  SCHEDULE: [200, 'Schedule'],
  STREAM: [300, 'Stream'],
  TASK: [400, 'Task'],
  LOGIN: [500, 'Login'],
} as const;

/** What can be done. */
export const auditActions = {
  CREATE: [100, 'Create', 'Create an Entity'],
  DELETE: [200, 'Delete', 'Delete an Entity'],
  DEPLOY: [300, 'Deploy', 'Deploy an Entity'],
  ROLLBACK: [400, 'Rollback', 'Rollback an Entity'],
  UNDEPLOY: [500, 'Undeploy', 'Undeploy an Entity'],
  UPDATE: [600, 'Update', 'Update an Entity'],
  LOGIN_SUCCESS: [700, 'SuccessfulLogin', 'Successful login'],
} as const;

/** Something that was done. `data` must have its secrets masked. */
export interface AuditEntry {
  readonly operation: keyof typeof auditOperations;
  readonly action: keyof typeof auditActions;
  readonly correlationId: string;
  readonly data: string;
  readonly platform?: string | undefined;
}

/** Notes what is done, as part of the transaction that does it. `actor` is absent where nobody is asked who they are. */
export async function record(db: Database, entry: AuditEntry, actor: string | undefined): Promise<void> {
  const { operation, action, correlationId, data, platform } = entry;
  await db
    .insertInto('audit')
    .values({
      created_on: instant(),
      created_by: actor ?? null,
      operation,
      action,
      correlation_id: correlationId,
      data,
      platform: platform ?? null,
    })
    .execute();
}

/** Now, with microseconds, as an ISO instant. */
function instant(): string {
  const micros = Math.floor((performance.timeOrigin + performance.now()) * 1000);
  return `${new Date(Math.floor(micros / 1000)).toISOString().slice(0, -1)}${String(micros % 1000).padStart(3, '0')}Z`;
}
