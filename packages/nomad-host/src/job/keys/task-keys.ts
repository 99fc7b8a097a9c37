import { key, noted, refused } from "./job-key.ts";
import { block, blockMap, bool, choice, durationMs, flag, free, integer, map, notNull, string, strings, text } from "./key-kinds.ts";
import { schedulingKeys } from "./constraint-keys.ts";
import { dispatchPayloadKeys } from "./launch-keys.ts";
import { noConnect, noConsul, noSecrets, noVault } from "./reasons.ts";
import { taskScaling } from "./rollout-keys.ts";
import { identityKeys, serviceKey } from "./service-keys.ts";
import { volumeMountKeys } from "./volume-keys.ts";

export const restartKeys = {
  attempts: key(integer(), "Attempts"),
  interval: key(durationMs, "Interval"),
  delay: key(durationMs, "Delay"),
  mode: key(string, "Mode"),
  render_templates: noted(bool, "RenderTemplates", "render_templates: has no effect, templates are written before each start"),
};

const changeScriptKeys = {
  command: key(string, "Command"),
  args: key(strings, "Args"),
  timeout: key(durationMs, "Timeout"),
  fail_on_error: key(bool, "FailOnError"),
  run_on_first_render: noted(
    bool,
    "RunOnFirstRender",
    "change_script run_on_first_render: has no effect, the script runs when the template changes",
  ),
};

const waitKeys = { min: key(durationMs, "Min"), max: key(durationMs, "Max") };

const silent = { isSilentInJson: true };

export const templateKeys = {
  data: key(string, "EmbeddedTmpl"),
  destination: key(string, "DestPath"),
  env: key(bool, "Envvars"),
  perms: key(string, "Perms"),
  left_delimiter: key(string, "LeftDelim"),
  right_delimiter: key(string, "RightDelim"),
  error_on_missing_key: key(bool, "ErrMissingKey"),
  source: key(string, "SourcePath"),
  change_mode: key(string, "ChangeMode"),
  change_signal: key(string, "ChangeSignal"),
  change_script: key(block(changeScriptKeys), "ChangeScript"),
  splay: key(durationMs, "Splay"),
  once: key(bool, "Once"),
  vault_grace: noted(durationMs, "VaultGrace", "template vault_grace: has no effect, Vault is not available here", silent),
  wait: noted(block(waitKeys), "Wait", "template wait: has no effect, there is no cluster to wait for", silent),
  uid: key(integer(), "Uid"),
  gid: key(integer(), "Gid"),
};

export const resourcesKeys = {
  cpu: key(integer({ min: 0 }), "CPU"),
  cores: key(integer({ min: 0 }), "Cores"),
  memory: key(integer({ min: 10 }), "MemoryMB"),
  memory_max: key(integer({ min: -1 }), "MemoryMaxMB"),
  disk: noted(integer(), "DiskMB", "resources disk: has no effect, disk space is not limited here"),
  iops: noted(integer(), "IOPS", "resources iops: has no effect"),
  network: refused("Networks", "ask for ports in the group's network block"),
  device: refused("Devices", "device plugins are not available here; many drivers take devices in config"),
  numa: refused("NUMA", "NUMA placement is not available here"),
  secrets: refused("SecretsMB", "the size of the secrets directory cannot be set here"),
};

export const lifecycleKeys = {
  hook: key(notNull(choice("prestart", "poststart", "poststop")), "Hook"),
  sidecar: key(flag, "Sidecar"),
};

export const artifactKeys = {
  source: key(string, "GetterSource"),
  destination: key(string, "RelativeDest"),
  mode: key(string, "GetterMode"),
  options: key(blockMap, "GetterOptions"),
  headers: key(blockMap, "GetterHeaders"),
  insecure: key(bool, "GetterInsecure"),
  chown: key(flag, "Chown"),
};

const unkept = (name: string) => ({
  effect: "none" as const,
  note: `logs ${name}: has no effect, what a task writes is shown and not kept here`,
});

export const logsKeys = {
  disabled: key(bool, "Disabled"),
  enabled: key(bool, "Enabled"),
  max_files: key(integer({ min: 1 }), "MaxFiles", { support: unkept("max_files") }),
  max_file_size: key(integer({ min: 1 }), "MaxFileSizeMB", { support: unkept("max_file_size") }),
};

export const taskKeys = {
  driver: key(text, "Driver"),
  user: key(text, "User"),
  leader: key(flag, "Leader"),
  kill_timeout: key(durationMs, "KillTimeout"),
  kill_signal: key(text, "KillSignal"),
  shutdown_delay: key(durationMs, "ShutdownDelay"),
  config: key(free, "Config"),
  env: key(map, "Env"),
  meta: key(map, "Meta"),
  resources: key(block(resourcesKeys), "Resources"),
  restart: key(block(restartKeys), "RestartPolicy"),
  template: key(block(templateKeys, { isRepeated: true }), "Templates"),
  lifecycle: key(block(lifecycleKeys), "Lifecycle"),
  logs: key(block(logsKeys), "LogConfig"),
  ...schedulingKeys,
  service: serviceKey,
  scaling: taskScaling,
  identity: noted(
    block(identityKeys, { isRepeated: true, singleJson: "Identity" }),
    ["Identity", "Identities"],
    "identity: tasks get no token outside a cluster",
  ),
  artifact: key(block(artifactKeys, { isRepeated: true }), "Artifacts"),
  vault: refused("Vault", noVault),
  consul: refused("Consul", noConsul),
  dispatch_payload: key(block(dispatchPayloadKeys), "DispatchPayload"),
  volume_mount: key(block(volumeMountKeys, { isRepeated: true }), "VolumeMounts"),
  csi_plugin: refused("CSIPluginConfig", "CSI needs a Nomad client"),
  secret: refused("Secrets", noSecrets),
  action: refused("Actions", "actions need a Nomad server"),
  schedule: refused("Schedule", "schedules need a Nomad server"),
  kind: refused("Kind", noConnect),
};
