/** A reference to another resource. */
export interface Link {
  readonly href: string;
  readonly templated?: boolean;
}

/** The links of a resource by their relation. */
export type Links = Readonly<Record<string, Link | readonly Link[]>>;

/** Where a page stands in its list. `number` counts from 0. */
export interface PageInfo {
  readonly size: number;
  readonly totalElements: number;
  readonly totalPages: number;
  readonly number: number;
}

/** A part of a list. */
export interface Page<Item> {
  readonly items: readonly Item[];
  readonly page: PageInfo;
}

/** The kinds of registered applications. */
export type ApplicationType = 'app' | 'source' | 'processor' | 'sink' | 'task';

/** A registered application. */
export interface AppRegistration {
  readonly name: string;
  readonly type: ApplicationType;
  readonly uri: string;
  readonly metaDataUri?: string | null;
  readonly version: string;
  readonly defaultVersion: boolean;
  readonly versions?: readonly string[] | null;
  readonly label?: string | null;
  readonly bootVersion?: string | null;
}

/** An option of an application. */
export interface AppOption {
  readonly id: string;
  readonly name: string;
  readonly type?: string | null;
  readonly description?: string | null;
  readonly shortDescription?: string | null;
  readonly defaultValue?: unknown;
  readonly deprecated?: boolean;
}

/** A registered application with its options. */
export interface AppDetail extends AppRegistration {
  readonly options?: readonly AppOption[] | null;
}

/** The states of a stream. */
export type StreamStatus = 'deployed' | 'deploying' | 'failed' | 'incomplete' | 'partial' | 'undeployed' | (string & {});

/** A stream definition. Texts have their secrets masked. */
export interface StreamDefinition {
  readonly name: string;
  readonly dslText: string;
  readonly originalDslText: string;
  readonly status: StreamStatus;
  readonly description: string;
  readonly statusDescription: string;
}

/** How a stream is deployed. `deploymentProperties` is a JSON text: the properties of each application. */
export interface StreamDeployment {
  readonly streamName: string;
  readonly dslText: string;
  readonly description?: string | null;
  readonly deploymentProperties: string;
  readonly status: StreamStatus;
}

/** One version of a deployed stream. */
export interface Release {
  readonly name: string;
  readonly version: number;
  readonly info: {
    readonly status: { readonly statusCode: string };
    readonly firstDeployed?: string | null;
    readonly lastDeployed?: string | null;
    readonly description?: string | null;
  };
  readonly pkg: { readonly metadata: { readonly name: string; readonly version: string } };
  readonly platformName?: string | null;
}

/** A platform that streams are deployed to. */
export interface Platform {
  readonly name: string;
  readonly type: string;
  readonly description?: string | null;
}

/** One instance of an application that runs. */
export interface AppInstanceStatus {
  readonly instanceId: string;
  readonly state: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly guid?: string | null;
}

/** An application that runs. */
export interface AppStatus {
  readonly deploymentId: string;
  readonly state: string;
  readonly name?: string | null;
  readonly instances: readonly AppInstanceStatus[];
}

/** A stream that runs, with its applications. */
export interface StreamRuntime {
  readonly name: string;
  readonly version?: string | null;
  readonly applications: readonly AppStatus[];
}

/** Whether the applications of a definition can be had: `valid` or `invalid` by `type:name`. */
export interface Validation {
  readonly appName: string;
  readonly dsl: string;
  readonly description?: string | null;
  readonly appStatuses: Readonly<Record<string, string>>;
}

/** A task definition. */
export interface TaskDefinition {
  readonly name: string;
  readonly dslText: string;
  readonly description?: string | null;
  readonly composed: boolean;
  readonly composedTaskElement: boolean;
  readonly status: string;
}

/** One run of a task. */
export interface TaskExecution {
  readonly executionId: number;
  readonly exitCode?: number | null;
  readonly taskName: string;
  readonly startTime?: string | null;
  readonly endTime?: string | null;
  readonly exitMessage?: string | null;
  readonly arguments?: readonly string[] | null;
  readonly jobExecutionIds?: readonly number[] | null;
  readonly errorMessage?: string | null;
  readonly externalExecutionId?: string | null;
  readonly resourceUrl?: string | null;
  readonly appProperties?: Readonly<Record<string, string>> | null;
  readonly deploymentProperties?: Readonly<Record<string, string>> | null;
  readonly platformName?: string | null;
  readonly taskExecutionStatus: string;
  readonly schemaTarget?: string | null;
}

/** How many tasks run on a platform, and how many may. */
export interface CurrentTaskExecutions {
  readonly name: string;
  readonly type: string;
  readonly maximumTaskExecutions: number;
  readonly runningExecutionCount: number;
}

/** What somebody did. */
export interface AuditRecord {
  readonly auditRecordId: number;
  readonly createdBy?: string | null;
  readonly correlationId?: string | null;
  readonly auditData?: string | null;
  readonly createdOn: string;
  readonly auditAction: string;
  readonly auditOperation: string;
  readonly platformName?: string | null;
}

/** What could stand next in a definition: `text` is the whole of it. */
export interface CompletionProposal {
  readonly text: string;
  readonly explanation?: string | null;
}

/** The software behind something. */
export interface RuntimeEnvironmentDetails {
  readonly deployerImplementationVersion?: string | null;
  readonly deployerName?: string | null;
  readonly deployerSpiVersion?: string | null;
  readonly javaVersion?: string | null;
  readonly platformApiVersion?: string | null;
  readonly platformClientVersion?: string | null;
  readonly platformHostVersion?: string | null;
  readonly platformSpecificInfo?: Readonly<Record<string, string>> | null;
  readonly platformType?: string | null;
  readonly springBootVersion?: string | null;
  readonly springVersion?: string | null;
}

/** What a server is and can do. */
export interface About {
  readonly featureInfo: Readonly<Record<string, boolean | string | null>>;
  readonly versionInfo: Readonly<Record<string, { readonly name: string; readonly version: string } | null>>;
  readonly securityInfo: {
    readonly authenticationEnabled: boolean;
    readonly authenticated: boolean;
    readonly username?: string | null;
    readonly roles?: readonly string[];
  };
  readonly runtimeEnvironment: {
    readonly appDeployer: RuntimeEnvironmentDetails;
    readonly taskLaunchers: readonly RuntimeEnvironmentDetails[];
  };
}
