import type { SetOption } from "@driver/nomad-plugin";

/** What somebody who sets a key should know of it, though it is no mistake. */
export interface Notice {
  /** Dotted path below the config block. */
  readonly key: string;
  /** Names the key too. */
  readonly message: string;
}

/** From what the key's line in the schema says. */
export function toOptionNotices({ path: key, facts: { deprecated, unused } }: SetOption): readonly Notice[] {
  return [
    ...(deprecated === undefined ? [] : [{ key, message: `config key ${key} is deprecated: use ${deprecated}` }]),
    ...(unused === undefined ? [] : [{ key, message: `config key ${key} is not used: ${unused}` }]),
  ];
}
