/** What a block may hold. Whatever is not listed is unknown; the order of the lists has no meaning. */
export interface BlockRule {
  /** Number of labels; 0 when absent. */
  readonly labels?: number;
  readonly attributes?: readonly string[];
  readonly blocks?: Readonly<Record<string, BlockRule>>;
  /** Blocks among `blocks` that may come more than once. */
  readonly repeated?: readonly string[];
  /** Keys that Nomad knows and this host cannot do: why, or what to do instead. */
  readonly refused?: Readonly<Record<string, string>>;
  /** Keys without effect on one machine: the note for the user. */
  readonly noted?: Readonly<Record<string, string>>;
  /** True: the content is free, and looked at by somebody else. */
  readonly isFree?: boolean;
}
