import { key, noted, refused } from "./job-key.ts";
import { block, blockMap, durationMs, flag, integer, notNull, stringLists, strings, text } from "./key-kinds.ts";
import { noConnect, noRegistry, rollout } from "./reasons.ts";

const silent = { isSilentInJson: true };

/** There are no rollouts here that would look at it. */
const onUpdate = { support: { effect: "full", only: "changes only the `mode` that `-json` tells of its checks" } } as const;

export const checkRestartKeys = {
  limit: key(notNull(integer()), "Limit"),
  grace: key(durationMs, "Grace"),
  ignore_warnings: key(flag, "IgnoreWarnings"),
};

export const checkKeys = {
  name: key(text, "Name"),
  type: key(text, "Type"),
  command: key(text, "Command"),
  args: key(strings, "Args"),
  path: key(text, "Path"),
  protocol: key(text, "Protocol"),
  port: key(text, "PortLabel"),
  expose: noted(flag, "Expose", `check expose: has no effect, ${noConnect}`, silent),
  address_mode: key(text, "AddressMode"),
  advertise: key(text, "Advertise"),
  interval: key(durationMs, "Interval"),
  timeout: key(durationMs, "Timeout"),
  initial_status: key(text, "InitialStatus"),
  notes: key(text, "Notes", { support: { effect: "full", only: "is for the reader of the file" } }),
  tls_server_name: key(text, "TLSServerName"),
  tls_skip_verify: key(flag, "TLSSkipVerify"),
  header: key(stringLists, "Header"),
  method: key(text, "Method"),
  check_restart: key(block(checkRestartKeys), "CheckRestart"),
  grpc_service: key(text, "GRPCService"),
  grpc_use_tls: key(flag, "GRPCUseTLS"),
  task: key(text, "TaskName"),
  success_before_passing: key(notNull(integer()), "SuccessBeforePassing"),
  failures_before_critical: key(notNull(integer()), "FailuresBeforeCritical"),
  failures_before_warning: key(notNull(integer()), "FailuresBeforeWarning"),
  body: key(text, "Body"),
  on_update: key(text, "OnUpdate", onUpdate),
};

export const identityKeys = {
  name: key(text, "Name"),
  aud: key(strings, "Audience"),
  change_mode: key(text, "ChangeMode"),
  change_signal: key(text, "ChangeSignal"),
  env: key(flag, "Env"),
  file: key(flag, "File"),
  filepath: key(text, "Filepath"),
  service_name: key(text, "ServiceName"),
  ttl: key(durationMs, "TTL"),
  extra_claims: key(strings, "ExtraClaims"),
};

const weightKeys = { passing: key(notNull(integer()), "Passing"), warning: key(notNull(integer()), "Warning") };

export const serviceKeys = {
  name: key(text, "Name"),
  tags: key(strings, "Tags"),
  canary_tags: noted(strings, "CanaryTags", `service canary_tags: has no effect, ${rollout}`),
  enable_tag_override: noted(flag, "EnableTagOverride", `service enable_tag_override: has no effect, ${noRegistry}`, silent),
  port: key(text, "PortLabel"),
  address_mode: key(text, "AddressMode"),
  address: key(text, "Address"),
  check: key(block(checkKeys, { isRepeated: true, ignoredJson: ["Id"] }), "Checks"),
  check_restart: key(block(checkRestartKeys), "CheckRestart"),
  connect: refused("Connect", noConnect),
  meta: noted(blockMap, "Meta", `service meta: has no effect, ${noRegistry}`),
  canary_meta: noted(blockMap, "CanaryMeta", `service canary_meta: has no effect, ${rollout}`),
  tagged_addresses: noted(blockMap, "TaggedAddresses", `service tagged_addresses: has no effect, ${noRegistry}`),
  task: key(text, "TaskName"),
  on_update: key(text, "OnUpdate", onUpdate),
  identity: noted(block(identityKeys), "Identity", "service identity: has no effect, there is nobody to show a token to"),
  weights: noted(block(weightKeys), "Weights", `service weights: has no effect, ${noRegistry}`, silent),
  provider: key(text, "Provider"),
  cluster: noted(text, "Cluster", `service cluster: has no effect, ${noRegistry}`, silent),
  kind: noted(text, "Kind", `service kind: has no effect, ${noRegistry}`, silent),
};

export const serviceKey = key(block(serviceKeys, { isRepeated: true, ignoredJson: ["Id", "Namespace"] }), "Services");
