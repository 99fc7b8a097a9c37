import { key, noted, refused } from "./job-key.ts";
import { block, bool, durationMs, blockMap, free, integer, string, strings } from "./key-kinds.ts";
import { noConnect, noRegistry, rollout } from "./reasons.ts";

const silent = { isSilentInJson: true };

/** There are no rollouts here that would look at it. */
const onUpdate = { support: { effect: "full", only: "changes only the `mode` that `-json` tells of its checks" } } as const;

export const checkRestartKeys = {
  limit: key(integer(), "Limit"),
  grace: key(durationMs, "Grace"),
  ignore_warnings: key(bool, "IgnoreWarnings"),
};

export const checkKeys = {
  name: key(string, "Name"),
  type: key(string, "Type"),
  command: key(string, "Command"),
  args: key(strings, "Args"),
  path: key(string, "Path"),
  protocol: key(string, "Protocol"),
  port: key(string, "PortLabel"),
  expose: noted(bool, "Expose", `check expose: has no effect, ${noConnect}`, silent),
  address_mode: key(string, "AddressMode"),
  advertise: key(string, "Advertise"),
  interval: key(durationMs, "Interval"),
  timeout: key(durationMs, "Timeout"),
  initial_status: key(string, "InitialStatus"),
  notes: key(string, "Notes", { support: { effect: "full", only: "is for the reader of the file" } }),
  tls_server_name: key(string, "TLSServerName"),
  tls_skip_verify: key(bool, "TLSSkipVerify"),
  header: key(free, "Header"),
  method: key(string, "Method"),
  check_restart: key(block(checkRestartKeys), "CheckRestart"),
  grpc_service: key(string, "GRPCService"),
  grpc_use_tls: key(bool, "GRPCUseTLS"),
  task: key(string, "TaskName"),
  success_before_passing: key(integer(), "SuccessBeforePassing"),
  failures_before_critical: key(integer(), "FailuresBeforeCritical"),
  failures_before_warning: key(integer(), "FailuresBeforeWarning"),
  body: key(string, "Body"),
  on_update: key(string, "OnUpdate", onUpdate),
};

export const identityKeys = {
  name: key(string, "Name"),
  aud: key(strings, "Audience"),
  change_mode: key(string, "ChangeMode", { isSilentInJson: true }),
  change_signal: key(string, "ChangeSignal"),
  env: key(bool, "Env"),
  file: key(bool, "File"),
  filepath: key(string, "Filepath"),
  service_name: key(string, "ServiceName"),
  ttl: key(durationMs, "TTL"),
  extra_claims: key(strings, "ExtraClaims"),
};

const weightKeys = { passing: key(integer(), "Passing"), warning: key(integer(), "Warning") };

export const serviceKeys = {
  name: key(string, "Name"),
  tags: key(strings, "Tags"),
  canary_tags: noted(strings, "CanaryTags", `service canary_tags: has no effect, ${rollout}`),
  enable_tag_override: noted(bool, "EnableTagOverride", `service enable_tag_override: has no effect, ${noRegistry}`, silent),
  port: key(string, "PortLabel"),
  address_mode: key(string, "AddressMode"),
  address: key(string, "Address"),
  check: key(block(checkKeys, { isRepeated: true, ignoredJson: ["Id"] }), "Checks"),
  check_restart: key(block(checkRestartKeys), "CheckRestart"),
  connect: refused("Connect", noConnect),
  meta: noted(blockMap, "Meta", `service meta: has no effect, ${noRegistry}`),
  canary_meta: noted(blockMap, "CanaryMeta", `service canary_meta: has no effect, ${rollout}`),
  tagged_addresses: noted(blockMap, "TaggedAddresses", `service tagged_addresses: has no effect, ${noRegistry}`),
  task: key(string, "TaskName"),
  on_update: key(string, "OnUpdate", onUpdate),
  identity: noted(block(identityKeys), "Identity", "service identity: has no effect, there is nobody to show a token to"),
  weights: noted(block(weightKeys), "Weights", `service weights: has no effect, ${noRegistry}`, silent),
  provider: key(string, "Provider"),
  cluster: noted(string, "Cluster", `service cluster: has no effect, ${noRegistry}`, silent),
  kind: noted(string, "Kind", `service kind: has no effect, ${noRegistry}`, silent),
};

export const serviceKey = key(block(serviceKeys, { isRepeated: true, ignoredJson: ["Id", "Namespace"] }), "Services");
