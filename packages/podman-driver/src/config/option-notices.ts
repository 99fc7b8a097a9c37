import type { SetOption } from "@driver/nomad-plugin";

/** What somebody who sets a key should know of it, from what its line in the schema says. */
export function toOptionNotices({ path, facts: { deprecated, unused } }: SetOption): readonly string[] {
  return [
    ...(deprecated === undefined ? [] : [`config key ${path} is deprecated: use ${deprecated}`]),
    ...(unused === undefined ? [] : [`config key ${path} is not used: ${unused}`]),
  ];
}
