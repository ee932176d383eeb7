import { defineOptions, option } from '@millrace/core';
import type { OptionsOf } from '@millrace/core';
import type { PlatformProperties } from '@millrace/deployer-contract';

const prefix = 'spring.cloud.deployer.local.';

/** Deployment properties of the local platform, under the names of SCDF's local deployer. */
export const localOptions = defineOptions({
  workingDirectoriesRoot: option.file(`${prefix}working-directories-root`, {
    doc: 'Where deployments get their working directories: `<root>/<time>/<deployment>`.',
    defaultText: "work in the deployer's own directory",
  }),
  deleteFilesOnExit: option.boolean(`${prefix}delete-files-on-exit`, {
    doc: 'Whether working directory and logs are removed when the deployment is undeployed.',
    default: true,
  }),
  envVarsToInherit: option.list(`${prefix}env-vars-to-inherit`, {
    doc: "Regular expressions of the names of variables that apps get from the server's environment; all others are withheld.",
    default: ['TMP', 'LANG', 'LANGUAGE', 'LC_.*', 'PATH', 'SPRING_APPLICATION_JSON'],
  }),
  useSpringApplicationJson: option.boolean(`${prefix}use-spring-application-json`, {
    doc: 'Whether an app gets its configuration as JSON in one variable, or else in a variable for each property.',
    default: true,
  }),
  javaCmd: option.file(`${prefix}java-cmd`, { doc: 'The program that runs jars.', defaultText: 'see `java-home-path`' }),
  javaHomePath: option.map(`${prefix}java-home-path`, {
    doc: 'Homes of Java runtimes by the major version of Spring Boot: `java-home-path.3=/usr/lib/jvm/17`.',
    default: {},
    defaultText: 'JAVA_HOME, else java on the PATH',
  }),
  javaOpts: option.string(`${prefix}java-opts`, { doc: 'Options of the Java runtime, with quotes around those that hold blanks.' }),
  bootVersion: option.string(`${prefix}boot-version`, {
    doc: 'The major version of Spring Boot, which chooses the Java runtime.',
    default: '3',
    aliases: ['spring.cloud.deployer.boot-version'],
  }),
  shutdownTimeout: option.int(`${prefix}shutdown-timeout`, {
    doc: 'How long an instance may take to end in order before it is killed.',
    default: 30,
    min: 0,
    unit: 's',
  }),
  startTimeout: option.int(`${prefix}start-timeout`, {
    doc: 'How long an instance may take to become healthy before it is ended.',
    default: 300,
    min: 1,
    unit: 's',
  }),
  portLow: option.int(`${prefix}port-range.low`, {
    doc: 'The lowest port that is given to apps.',
    default: 20_000,
    min: 1,
    max: 65_535,
  }),
  portHigh: option.int(`${prefix}port-range.high`, {
    doc: 'The highest port that is given to apps.',
    default: 61_000,
    min: 1,
    max: 65_535,
  }),
  hostname: option.string(`${prefix}hostname`, {
    doc: 'The host in the `url` of instances, where their health is asked for, too.',
    default: '127.0.0.1',
  }),
  startupProbePath: option.string(`${prefix}startup-probe.path`, {
    doc: 'The path that answers with 2xx once an instance has started.',
    defaultText: '/actuator/health for our apps; others must accept a connection',
  }),
  healthProbePath: option.string(`${prefix}health-probe.path`, {
    doc: 'The path that answers with 2xx while an instance is well.',
    defaultText: '/actuator/health for our apps; others must live',
  }),
  healthProbeFailures: option.int(`${prefix}health-probe.failures`, {
    doc: 'Answers in a row that must be missing or bad until an instance counts as failed.',
    default: 3,
    min: 1,
  }),
  healthProbeInterval: option.duration(`${prefix}health-probe.interval`, {
    doc: 'How often a healthy instance is asked.',
    default: 5000,
    min: 100,
  }),
  memoryLimit: option.string(`${prefix}memory-limit`, {
    doc: 'Memory that a process may hold in all, not only in its heap; one that holds more is ended. Mebibytes, or with `m` or `g`. Linux only.',
  }),
  logMaxSize: option.string(`${prefix}log.max-size`, {
    doc: 'The size at which a log file is set aside and begun anew: mebibytes, or with `m` or `g`.',
    default: '10m',
  }),
  logMaxFiles: option.int(`${prefix}log.max-files`, {
    doc: 'Log files that are kept beside the one being written.',
    default: 2,
    min: 0,
    max: 100,
  }),
  inheritLogging: option.boolean(`${prefix}inherit-logging`, {
    doc: "Whether apps write to the server's own output instead of log files.",
    default: false,
  }),
  debugPort: option.int(`${prefix}debug-port`, {
    doc: 'The port for debuggers of the first instance; the next have the next numbers.',
    min: 1,
    max: 65_535,
  }),
  debugAddress: option.string(`${prefix}debug-address`, {
    doc: 'The address for debuggers; anything but loopback opens the process to others.',
    default: '127.0.0.1',
  }),
  debugSuspend: option.enum(`${prefix}debug-suspend`, {
    doc: 'Whether a process waits for its debugger.',
    values: ['y', 'n'],
    default: 'y',
  }),
});

/** The values of {@link localOptions}. */
export type LocalSettings = OptionsOf<typeof localOptions>;

/** How deployment properties are read here. */
export const localProperties: PlatformProperties<typeof localOptions> = {
  platform: 'local',
  options: localOptions,
  meaningless: ['spring.cloud.deployer.disk', 'spring.cloud.deployer.cpu', `${prefix}docker`, `${prefix}maximum-concurrent-tasks`],
};

/**
 * Properties that only the platform's settings may have, unless a deployer is created otherwise: they would let whoever deploys read the
 * server's environment, run other programs than those that were registered, or write anywhere.
 */
export const fixedByDefault: readonly string[] = [
  localOptions.envVarsToInherit.name,
  localOptions.workingDirectoriesRoot.name,
  localOptions.javaCmd.name,
  localOptions.javaHomePath.name,
];
