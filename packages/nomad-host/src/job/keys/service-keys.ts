import { key, noted, refused } from "./job-key.ts";
import { block, bool, durationMs, blockMap, free, integer, string, strings } from "./key-kinds.ts";
import { noConnect } from "./reasons.ts";

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
  expose: key(bool, "Expose"),
  address_mode: key(string, "AddressMode"),
  advertise: key(string, "Advertise"),
  interval: key(durationMs, "Interval"),
  timeout: key(durationMs, "Timeout"),
  initial_status: key(string, "InitialStatus"),
  notes: key(string, "Notes"),
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
  on_update: key(string, "OnUpdate"),
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

export const serviceKeys = {
  name: key(string, "Name"),
  tags: key(strings, "Tags"),
  canary_tags: key(strings, "CanaryTags"),
  enable_tag_override: key(bool, "EnableTagOverride"),
  port: key(string, "PortLabel"),
  address_mode: key(string, "AddressMode"),
  address: key(string, "Address"),
  check: key(block(checkKeys, { isRepeated: true, ignoredJson: ["Id"] }), "Checks"),
  check_restart: key(block(checkRestartKeys), "CheckRestart"),
  connect: refused("Connect", noConnect),
  meta: key(blockMap, "Meta"),
  canary_meta: key(blockMap, "CanaryMeta"),
  tagged_addresses: key(blockMap, "TaggedAddresses"),
  task: key(string, "TaskName"),
  on_update: key(string, "OnUpdate"),
  identity: key(block(identityKeys), "Identity"),
  weights: key(block({ passing: key(integer(), "Passing"), warning: key(integer(), "Warning") }), "Weights"),
  provider: key(string, "Provider"),
  cluster: key(string, "Cluster"),
  kind: key(string, "Kind"),
};

const noServices = "service: outside a cluster only the templates of this run find services, and their checks do not run";

export const serviceKey = noted(block(serviceKeys, { isRepeated: true, ignoredJson: ["Id", "Namespace"] }), "Services", noServices);
