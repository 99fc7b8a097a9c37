import { groupKeys } from "./group-keys.ts";
import { key, noted, refused } from "./job-key.ts";
import { block, bool, choice, integer, map, string, strings, text } from "./key-kinds.ts";
import { parameterizedKeys, periodicKeys } from "./launch-keys.ts";
import { noSecrets, noVault, placement } from "./reasons.ts";
import { clusterKeys } from "./rollout-keys.ts";
import { taskKeys } from "./task-keys.ts";

const serverFields = [
  "ParentID",
  "Status",
  "StatusDescription",
  "Stable",
  "Version",
  "VersionTag",
  "SubmitTime",
  "CreateIndex",
  "ModifyIndex",
  "JobModifyIndex",
  "Stop",
  "Dispatched",
  "DispatchIdempotencyToken",
  "Payload",
  "ConsulToken",
  "ConsulNamespace",
  "VaultToken",
  "VaultNamespace",
  "NomadTokenID",
];

const linkKeys = { label: key(text, "Label"), url: key(text, "URL") };

const uiKeys = { description: key(text, "Description"), link: key(block(linkKeys, { isRepeated: true }), "Links") };

export const jobKeys = {
  id: key(string, "ID"),
  name: key(string, "Name"),
  type: key(choice("service", "batch", "system", "sysbatch"), "Type"),
  datacenters: key(strings, "Datacenters"),
  region: key(string, "Region"),
  namespace: key(string, "Namespace"),
  priority: key(integer({ min: 0, max: 100 }), "Priority", { support: { effect: "full", only: "is checked; nothing competes here" } }),
  group: key(block(groupKeys, { label: "Name", isRepeated: true }), "TaskGroups"),
  task: key(block(taskKeys, { label: "Name", isRepeated: true }), []),
  meta: key(map, "Meta"),
  ...clusterKeys("Reschedule"),
  all_at_once: noted(bool, "AllAtOnce", `all_at_once: has no effect, ${placement}`),
  node_pool: noted(string, "NodePool", `node_pool: has no effect, ${placement}`),
  ui: noted(block(uiKeys), "UI", "ui: has no effect, there is no web interface"),
  vault: refused([], noVault),
  secret: refused([], noSecrets),
  periodic: key(block(periodicKeys, { ignoredJson: ["SpecType"] }), "Periodic"),
  parameterized: key(block(parameterizedKeys), "ParameterizedJob"),
  multiregion: refused("Multiregion", "regions need a cluster"),
};

/** What a job may hold (`nomad`: job specification). In JSON its label is `ID`, which is an argument as well. */
export const jobBlock = block(jobKeys, { label: "ID", ignoredJson: serverFields });
