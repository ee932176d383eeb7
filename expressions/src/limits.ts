/** Bounds of one expression, so that neither its text nor a message can hold up or fill the host. */
export interface Limits {
  /** Characters of the text (default 10,000). */
  readonly textLength: number;
  /** How deep its parts may nest (default 100). */
  readonly depth: number;
  /** Levels of its tree, to which long chains of operators and calls add (default 1500). */
  readonly height: number;
  /** Elements visited by selections, projections, paths and patterns in one evaluation (default 1,000,000). */
  readonly steps: number;
  /** Characters of a text that is built (default 10,000,000). */
  readonly resultLength: number;
  /** Characters of all texts that are built in one evaluation (default 40,000,000). */
  readonly builtLength: number;
}

/** The bounds that hold where none are given. */
export const defaultLimits: Limits = {
  textLength: 10_000,
  depth: 100,
  height: 1500,
  steps: 1_000_000,
  resultLength: 10_000_000,
  builtLength: 40_000_000,
};
