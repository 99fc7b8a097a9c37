/** How a field of the JSON form becomes a part of a block. */
export type JsonField =
  | { readonly kind: "argument"; readonly name: string }
  /** Nanoseconds. */
  | { readonly kind: "duration"; readonly name: string }
  /** One block, or a list of them; `label` is the field that holds its label. */
  | { readonly kind: "block"; readonly name: string; readonly fields: JsonFields; readonly label?: string }
  /** A block whose content is free. */
  | { readonly kind: "free"; readonly name: string }
  /** A block that is named only, since it has no effect or is refused. */
  | { readonly kind: "name"; readonly name: string }
  /** Kept by the server, without meaning in a job file. */
  | { readonly kind: "ignored" };

export type JsonFields = Readonly<Record<string, JsonField>>;

const argument = (name: string): JsonField => ({ kind: "argument", name });
const duration = (name: string): JsonField => ({ kind: "duration", name });
const named = (name: string): JsonField => ({ kind: "name", name });
const free = (name: string): JsonField => ({ kind: "free", name });
const block = (name: string, fields: JsonFields, label?: string): JsonField => ({
  kind: "block",
  name,
  fields,
  ...(label === undefined ? {} : { label }),
});
const ignored: JsonField = { kind: "ignored" };

const placement: JsonFields = { Constraints: named("constraint"), Affinities: named("affinity"), Spreads: named("spread") };
const rollout: JsonFields = { Update: named("update"), Migrate: named("migrate") };

const restart: JsonFields = {
  Attempts: argument("attempts"),
  Interval: duration("interval"),
  Delay: duration("delay"),
  Mode: argument("mode"),
  RenderTemplates: argument("render_templates"),
};

const port: JsonFields = {
  Label: ignored,
  Value: argument("static"),
  To: argument("to"),
  HostNetwork: argument("host_network"),
  IgnoreCollision: argument("ignore_collision"),
};

const network: JsonFields = {
  Mode: argument("mode"),
  Device: argument("device"),
  CIDR: argument("cidr"),
  IP: argument("ip"),
  MBits: argument("mbits"),
  Hostname: argument("hostname"),
  CNI: named("cni"),
  DNS: block("dns", { Servers: argument("servers"), Searches: argument("searches"), Options: argument("options") }),
  DynamicPorts: block("port", port, "Label"),
  ReservedPorts: block("port", port, "Label"),
};

const resources: JsonFields = {
  CPU: argument("cpu"),
  Cores: argument("cores"),
  MemoryMB: argument("memory"),
  MemoryMaxMB: argument("memory_max"),
  DiskMB: argument("disk"),
  IOPS: argument("iops"),
  SecretsMB: argument("secrets"),
  Networks: named("network"),
  Devices: named("device"),
  NUMA: named("numa"),
};

const template: JsonFields = {
  EmbeddedTmpl: argument("data"),
  DestPath: argument("destination"),
  SourcePath: argument("source"),
  Envvars: argument("env"),
  Perms: argument("perms"),
  LeftDelim: argument("left_delimiter"),
  RightDelim: argument("right_delimiter"),
  Uid: argument("uid"),
  Gid: argument("gid"),
  ChangeMode: ignored,
  ChangeSignal: ignored,
  ChangeScript: ignored,
  Once: ignored,
  Splay: ignored,
  VaultGrace: ignored,
  Wait: ignored,
  ErrMissingKey: ignored,
};

const identity: JsonFields = {
  Name: argument("name"),
  Audience: argument("aud"),
  ...Object.fromEntries(
    ["ChangeMode", "ChangeSignal", "Env", "ExtraClaims", "File", "Filepath", "ServiceName", "TTL"].map((name) => [name, ignored]),
  ),
};

const task: JsonFields = {
  Name: ignored,
  Driver: argument("driver"),
  User: argument("user"),
  Leader: argument("leader"),
  Kind: argument("kind"),
  KillTimeout: duration("kill_timeout"),
  KillSignal: argument("kill_signal"),
  ShutdownDelay: duration("shutdown_delay"),
  Config: free("config"),
  Env: argument("env"),
  Meta: argument("meta"),
  Resources: block("resources", resources),
  RestartPolicy: block("restart", restart),
  Lifecycle: block("lifecycle", { Hook: argument("hook"), Sidecar: argument("sidecar") }),
  LogConfig: block("logs", {
    MaxFiles: argument("max_files"),
    MaxFileSizeMB: argument("max_file_size"),
    Disabled: argument("disabled"),
    Enabled: argument("enabled"),
  }),
  Templates: block("template", template),
  Constraints: named("constraint"),
  Affinities: named("affinity"),
  Services: named("service"),
  ScalingPolicies: named("scaling"),
  Artifacts: named("artifact"),
  Vault: named("vault"),
  Consul: named("consul"),
  Identity: block("identity", identity),
  Identities: block("identity", identity),
  DispatchPayload: named("dispatch_payload"),
  VolumeMounts: named("volume_mount"),
  CSIPluginConfig: named("csi_plugin"),
  Secrets: named("secret"),
  Actions: named("action"),
  Schedule: named("schedule"),
};

const group: JsonFields = {
  ...placement,
  ...rollout,
  Name: ignored,
  Count: argument("count"),
  Meta: argument("meta"),
  ShutdownDelay: duration("shutdown_delay"),
  Networks: block("network", network),
  Tasks: block("task", task, "Name"),
  RestartPolicy: block("restart", restart),
  ReschedulePolicy: named("reschedule"),
  EphemeralDisk: block("ephemeral_disk", { Sticky: argument("sticky"), Migrate: argument("migrate"), SizeMB: argument("size") }),
  Services: named("service"),
  Scaling: named("scaling"),
  Disconnect: named("disconnect"),
  Volumes: named("volume"),
  Consul: named("consul"),
  MaxRunDuration: argument("max_run_duration"),
  StopAfterClientDisconnect: argument("stop_after_client_disconnect"),
  MaxClientDisconnect: argument("max_client_disconnect"),
  PreventRescheduleOnLost: argument("prevent_reschedule_on_lost"),
};

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

/** The fields of a job in the form that `nomad job run -json` takes (`nomad`: api). */
export const jobFields: JsonFields = {
  ...placement,
  ...rollout,
  ...Object.fromEntries(serverFields.map((name) => [name, ignored])),
  ID: argument("id"),
  Name: argument("name"),
  Type: argument("type"),
  Region: argument("region"),
  Namespace: argument("namespace"),
  Priority: argument("priority"),
  AllAtOnce: argument("all_at_once"),
  NodePool: argument("node_pool"),
  Datacenters: argument("datacenters"),
  Meta: argument("meta"),
  TaskGroups: block("group", group, "Name"),
  Reschedule: named("reschedule"),
  Periodic: named("periodic"),
  ParameterizedJob: named("parameterized"),
  Multiregion: named("multiregion"),
  UI: named("ui"),
};
