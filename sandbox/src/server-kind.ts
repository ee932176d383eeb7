import type { LaunchPlan } from '@millrace/processes';

/** Where a server's programs were found: everything that a later start needs, so that it is recorded. */
export interface Installation {
  /** What is really run, e.g. `4.3.1`. */
  readonly version: string;
  /** Files and directories by names that only the server's own module knows. */
  readonly paths: Readonly<Record<string, string>>;
  /** Whom the server runs as where it refuses to be root. */
  readonly user?: { readonly name: string; readonly uid: number; readonly gid: number } | undefined;
  /** The container engine that runs it instead of a program of this machine. */
  readonly container?: { readonly engine: string; readonly image: string } | undefined;
}

/** One process of a server: a node, or a helper that its nodes need. */
export interface MemberRecord {
  readonly name: string;
  readonly ports: Readonly<Record<string, number>>;
}

/** What a server was set up as; written before anything of it is started. */
export interface ServerRecord {
  readonly format: 1;
  /** The name in the sandbox: `kafka`, or `kafka-3.9.2` for a version that was asked for beside the default. */
  readonly name: string;
  readonly kind: string;
  /** The version as it was asked for. */
  readonly version: string;
  readonly directory: string;
  readonly installation: Installation;
  readonly members: readonly MemberRecord[];
  readonly memoryBytes: number;
  readonly secure: boolean;
  /** Settings of the server itself that were asked for, in the names of its own configuration file. */
  readonly config: Readonly<Record<string, string>>;
  readonly credentials: { readonly username: string; readonly password: string };
  /** A value made once at random, from which names and identities that must never change are taken. */
  readonly seed: string;
}

/** How one process of a server is started, watched and ended. */
export interface MemberPlan extends LaunchPlan {
  readonly name: string;
  /** The process's own directory: its data, configuration, log and identity. */
  readonly directory: string;
  /** The signal that asks for an orderly end. */
  readonly stopSignal: NodeJS.Signals;
  /** The signal that ends it fastest without leaving anything in the system, where its data is thrown away anyway. */
  readonly discardSignal: NodeJS.Signals;
  /** How long an orderly end may take before the process is killed. */
  readonly stopGraceMs: number;
  /** The container that the process only stands for. */
  readonly container?: { readonly engine: string; readonly name: string } | undefined;
  /** Whether it serves, asked again and again; `log` is what it wrote since this start. */
  ready(log: string): Promise<boolean>;
}

/** How clients reach a server, in the forms that can be pasted. */
export interface ConnectionSettings {
  /** The addresses of all nodes as `host:port`. */
  readonly addresses: readonly string[];
  /** Environment variables. */
  readonly env: Readonly<Record<string, string>>;
  /** Spring Boot properties. */
  readonly spring: Readonly<Record<string, string>>;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  /** PEM files, with `--secure`: whom to trust, and a client certificate with its key. */
  readonly tls?: { readonly ca: string; readonly certificate: string; readonly key: string } | undefined;
  /** Further addresses by name, such as that of a management interface. */
  readonly endpoints: Readonly<Record<string, string>>;
}

/** What a module that looks for a server's programs may use. */
export interface LocateContext {
  readonly env: NodeJS.ProcessEnv;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress: (text: string) => void;
}

/** How a server runs as a container: one node, without `--secure`. */
export interface ContainerKind {
  image(version: string): string;
  /** The port inside for each port of the member. */
  readonly ports: Readonly<Record<string, number>>;
  env(record: ServerRecord): Readonly<Record<string, string>>;
  /** Arguments after the image. */
  args(record: ServerRecord): readonly string[];
  /** The directory inside that holds the data. */
  readonly data: string;
}

/** Everything that is particular to one server. One module per server implements it; nothing else knows a server by name. */
export interface ServerKind {
  readonly name: string;
  readonly description: string;
  /** The versions that can be asked for; the first is the default. */
  readonly versions: readonly string[];
  readonly nodeCounts: readonly number[];
  readonly defaultMemory: string;
  /** The processes of a server in the order of their start, with the names of their ports; the first port of a node is the main one. */
  members(nodes: number, secure: boolean): readonly { readonly name: string; readonly ports: readonly string[] }[];
  /** Finds or fetches the programs. Throws what is missing, with the next step. */
  locate(version: string, context: LocateContext): Promise<Installation>;
  /** Writes configuration, and makes the data at the first start. Called before every start; nothing of the server runs then. */
  prepare(record: ServerRecord, signal?: AbortSignal): Promise<void>;
  /** The processes to start, those of one step together. */
  plan(record: ServerRecord): readonly (readonly MemberPlan[])[];
  settings(record: ServerRecord): ConnectionSettings;
  /** How a tool that comes with the server is run against a node, e.g. `rabbitmqctl`. */
  tool?(
    record: ServerRecord,
    member: MemberRecord,
    name: string,
  ): { readonly file: string; readonly env: Readonly<Record<string, string>> };
  readonly container?: ContainerKind;
}
