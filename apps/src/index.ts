// Public names are listed here one by one.
export { defineProcessor, defineSink, defineSource, isAppDefinition } from './runtime/define.ts';
export type {
  AppDefinition,
  AppKind,
  BatchSink,
  Difference,
  NoOptions,
  ProcessFunction,
  ProcessorDefinition,
  ProcessorInstance,
  SinkDefinition,
  SinkFunction,
  SinkInstance,
  SourceDefinition,
} from './runtime/define.ts';
export type { Emission, Emit, Payload } from './runtime/emit.ts';
export { AppMessage, message, textOf } from './runtime/message.ts';
export type { MessageParts } from './runtime/message.ts';
export type { AppContext, AppCounter, AppGauge, AppMetrics } from './runtime/context.ts';
export type { CompiledExpression } from './runtime/expression.ts';
export type { HttpHandler, HttpListener } from './runtime/http-host.ts';
export { lineLogger, logLevels } from './runtime/logger.ts';
export type { Logger, LogLevel } from './runtime/logger.ts';
export type { PositionStore } from './runtime/positions.ts';
export { inputOptions, instanceOptions, outputOptions } from './runtime/bindings.ts';
export type { InputSettings, InstanceSettings, OutputSettings } from './runtime/bindings.ts';
export { loadConfiguration, parseArguments } from './runtime/config/load.ts';
export type { ConfigurationInput } from './runtime/config/load.ts';
export { Properties } from './runtime/config/properties.ts';
export type { PropertyLayer } from './runtime/config/layers.ts';
export { appHelp, runApp, runApps } from './runtime/run-app.ts';
export type { AppToRun, RunAppOptions } from './runtime/running-apps.ts';
export { Catalogue, stockApps } from './catalogue.ts';
export { knownNames } from './known-names.ts';
export type { KnownName } from './known-names.ts';
export { appMarkdown, appMetadata, catalogueMarkdown } from './docs.ts';
export { runPipelines } from './pipeline/run.ts';
export type { PipelineText, RunOptions } from './pipeline/options.ts';
export { planPipeline } from './pipeline/plan.ts';
export type { PlannedApp, PlannedPipeline } from './pipeline/plan.ts';
export { parsePipelines } from './pipeline/parse.ts';
export type { ParsedPipeline } from './pipeline/parse.ts';
export type { AppProgress, PipelineProgress, RunResult } from './pipeline/progress.ts';
export type { StageCounts } from './chain/stage.ts';
export { nodeSpawner } from './pipeline/spawn-node.ts';
export type { NodeSpawnOptions } from './pipeline/spawn-node.ts';
export type { CountsReport, SpawnApp, SpawnedApp, SpawnRequest } from './pipeline/spawn.ts';
