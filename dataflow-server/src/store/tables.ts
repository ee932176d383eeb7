import type { Generated } from 'kysely';
import type { ApplicationType } from '@millrace/dataflow-api';

/** An application that can be used in definitions. Ids tell the order of registration. */
export interface AppTable {
  id: Generated<number>;
  type: ApplicationType;
  name: string;
  version: string;
  uri: string;
  metadata_uri: string | null;
  boot_version: string;
  /** 1 for the version that definitions mean. */
  is_default: number;
}

/** A stream as it was defined. */
export interface StreamTable {
  id: Generated<number>;
  name: string;
  /** In canonical form, with its secrets. */
  dsl: string;
  original_dsl: string;
  description: string;
}

/** A task as it was defined. */
export interface TaskTable {
  id: Generated<number>;
  name: string;
  /** In canonical form, with its secrets. */
  dsl: string;
  /** `null` for an element of a composed task. */
  description: string | null;
  /** The name of the composed task that it is an element of. */
  parent: string | null;
  /** 1 for one that is composed. */
  is_composed: number;
}

/** What somebody did. Rows are never changed. */
export interface AuditTable {
  id: Generated<number>;
  created_on: string;
  created_by: string | null;
  operation: string;
  action: string;
  correlation_id: string | null;
  data: string | null;
  platform: string | null;
}

/** All tables of the store. */
export interface Tables {
  app: AppTable;
  stream: StreamTable;
  task: TaskTable;
  audit: AuditTable;
}
