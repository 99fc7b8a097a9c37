import type { Notice } from "./option-notices.ts";
import type { Mistake } from "./report.ts";

/** Of a key of a config. */
export interface ConfigRemark {
  /** Dotted path below the config block, e.g. `logging.driver`; empty for the block itself. */
  readonly path: string;
  readonly message: string;
}

/** What can be told of a config without a Podman. */
export interface ConfigFindings {
  /** What would be refused, in the words of the refusal. Empty: only a start can tell. */
  readonly problems: readonly ConfigRemark[];
  /** What its author should know: deprecated keys, and such that have no effect. */
  readonly notices: readonly ConfigRemark[];
}

/** The same for hosts, which know paths instead of keys. */
export function toFindings(mistakes: readonly Mistake[], notices: readonly Notice[]): ConfigFindings {
  const toRemark = ({ key, message }: Notice): ConfigRemark => ({ path: key, message });
  return { problems: mistakes.map(toRemark), notices: notices.map(toRemark) };
}
