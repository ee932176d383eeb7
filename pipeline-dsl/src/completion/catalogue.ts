/** What an app is registered as. */
export type CatalogueAppType = 'source' | 'processor' | 'sink' | 'app' | 'task';

/** An app that can be proposed. */
export interface CatalogueApp {
  readonly name: string;
  readonly type: CatalogueAppType;
  readonly description?: string;
}

/** An option of an app. */
export interface CatalogueOption {
  readonly name: string;
  /** `boolean` options are proposed with their two values. */
  readonly type?: string;
  readonly description?: string;
  readonly default?: string;
  /** The values that it may have, if they are few. */
  readonly values?: readonly string[];
}

/** What completion knows about the world. */
export interface Catalogue {
  apps(): readonly CatalogueApp[];
  /** Options of a registered app; empty for one that is unknown. */
  options(app: string, type: CatalogueAppType): readonly CatalogueOption[];
  /** Names of destinations without their colon; `stream.label` for taps. */
  destinations?(): readonly string[];
}

/** One way to go on. */
export interface Proposal {
  /** The whole text with the proposal in it. */
  readonly text: string;
  /** What replaces the characters from `from` up to, not including, `to`. */
  readonly insert: string;
  readonly from: number;
  readonly to: number;
  readonly kind: 'app' | 'option' | 'value' | 'destination' | 'label' | 'symbol';
  readonly description?: string;
}
