/** A stock app of ours, by its name in the catalogue. */
export interface BuiltinResource {
  readonly kind: 'builtin';
  readonly type: 'source' | 'processor' | 'sink';
  readonly name: string;
}

/** A JavaScript or TypeScript module that exports an app. */
export interface ModuleResource {
  readonly kind: 'module';
  /** Absolute. */
  readonly path: string;
}

/** A Java archive with a main class: Spring Boot apps. */
export interface JarResource {
  readonly kind: 'jar';
  /** Absolute. */
  readonly path: string;
}

/** Any program. */
export interface ExecutableResource {
  readonly kind: 'executable';
  /** Absolute. */
  readonly path: string;
}

/** A container image. */
export interface ImageResource {
  readonly kind: 'image';
  readonly image: string;
}

/** What an app is run from, already found: no resource is fetched by a deployer. */
export type AppResource = BuiltinResource | ModuleResource | JarResource | ExecutableResource | ImageResource;

/** One app of a deployment. */
export interface AppSpec {
  /** The app's label in its stream. */
  readonly label: string;
  readonly resource: AppResource;
  /**
   * The app's own configuration, by full names. Values may hold `${secret:NAME}`, which a deployer resolves only while it launches.
   */
  readonly properties: Readonly<Record<string, string>>;
}

/** What is to run. */
export interface DeploymentRequest {
  /** The definition's name, unique in its group; SCDF's is `<label>-v<version>`. */
  readonly name: string;
  /** One app, or several neighbours of a pipeline, in its order, that share a process. */
  readonly apps: readonly [AppSpec, ...AppSpec[]];
  /** How it is deployed, by full names: `spring.cloud.deployer.count`, `spring.cloud.deployer.local.shutdownTimeout`. */
  readonly deploymentProperties?: Readonly<Record<string, string>>;
  /** Passed to the program as they are, except for `${secret:NAME}`. Only where a process runs one app. */
  readonly arguments?: readonly string[];
}
