/** An app as a pipeline's text has it. */
export interface ParsedApp {
  /** The registered name. */
  readonly name: string;
  readonly label: string;
  readonly options: Readonly<Record<string, string>>;
  /** Offset of the app in the text. */
  readonly position: number;
}

/** A pipeline's text, taken apart. */
export interface ParsedPipeline {
  readonly name: string;
  readonly apps: readonly ParsedApp[];
  readonly bound: boolean;
  readonly source: { readonly destination: string; readonly group: string | undefined } | undefined;
  readonly sink: string | undefined;
}
