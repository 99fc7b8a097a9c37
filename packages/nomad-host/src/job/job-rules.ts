import type { BlockRule } from "./block-rule.ts";

const placement = "placement needs a cluster";
const rollout = "rollouts need a cluster";
const free: BlockRule = { isFree: true };

const schedulingNotes = {
  constraint: `constraint: has no effect, ${placement}`,
  affinity: `affinity: has no effect, ${placement}`,
};

const groupNotes = {
  ...schedulingNotes,
  spread: `spread: has no effect, ${placement}`,
  update: `update: has no effect, ${rollout}`,
  reschedule: `reschedule: has no effect, ${placement}`,
  migrate: `migrate: has no effect, ${placement}`,
};

const service = "service: services are not registered outside a cluster, and their checks do not run";
const scaling = "scaling: has no effect, scaling needs a cluster";
const consul = "Consul is not available here";
const vault = "Vault is not available here; pass secrets in env or with -var";

const restart: BlockRule = {
  attributes: ["attempts", "interval", "delay", "mode"],
  noted: { render_templates: "render_templates: has no effect, templates are constant here" },
};

const template: BlockRule = {
  attributes: ["data", "destination", "env", "perms", "left_delimiter"],
  refused: {
    source: 'give the text in data, for example with data = file("…")',
    uid: "files belong to the user that runs the job",
    gid: "files belong to the user that runs the job",
  },
  noted: Object.fromEntries(
    [
      "change_mode",
      "change_signal",
      "change_script",
      "once",
      "splay",
      "right_delimiter",
      "vault_grace",
      "wait",
      "error_on_missing_key",
    ].map((name) => [name, `template ${name}: has no effect, templates are constant here`]),
  ),
};

const resources: BlockRule = {
  attributes: ["cpu", "cores", "memory", "memory_max"],
  refused: {
    network: "ask for ports in the group's network block",
    device: "device plugins are not available here; many drivers take devices in config",
    numa: "NUMA placement is not available here",
    secrets: "the size of the secrets directory cannot be set here",
  },
  noted: { disk: "resources disk: has no effect, disk space is not limited here", iops: "resources iops: has no effect" },
};

const logs: BlockRule = {
  attributes: ["disabled", "enabled"],
  noted: Object.fromEntries(
    ["max_files", "max_file_size"].map((name) => [name, `logs ${name}: has no effect, what a task writes is shown and not kept here`]),
  ),
};

const task: BlockRule = {
  labels: 1,
  attributes: ["driver", "user", "leader", "kill_timeout", "kill_signal", "shutdown_delay", "env", "meta"],
  blocks: {
    config: free,
    env: free,
    meta: free,
    resources,
    restart,
    template,
    lifecycle: { attributes: ["hook", "sidecar"] },
    logs,
  },
  repeated: ["template"],
  noted: { ...schedulingNotes, service, scaling, identity: "identity: tasks get no token outside a cluster" },
  refused: {
    artifact: "downloads are not available here; put the files into the image, or write them with a template block",
    vault,
    consul,
    dispatch_payload: "dispatched jobs need a Nomad server",
    volume_mount: "volumes need a Nomad client",
    csi_plugin: "CSI needs a Nomad client",
    secret: "secret providers are not available here; pass secrets in env or with -var",
    action: "actions need a Nomad server",
    schedule: "schedules need a Nomad server",
    kind: "Consul Connect is not available here",
  },
};

const network: BlockRule = {
  attributes: ["mode"],
  blocks: {
    port: {
      labels: 1,
      attributes: ["static", "to", "host_network"],
      noted: { ignore_collision: "port ignore_collision: has no effect here" },
    },
    dns: { attributes: ["servers", "searches", "options"] },
  },
  repeated: ["port"],
  noted: { mbits: "network mbits: has no effect" },
  refused: {
    hostname: "set hostname in the task's config",
    cni: "CNI arguments are not available here",
    device: "other addresses than the host's default one need a Nomad client",
    cidr: "other addresses than the host's default one need a Nomad client",
    ip: "other addresses than the host's default one need a Nomad client",
    reserved_ports: "use a port block with static",
  },
};

const ephemeralDisk: BlockRule = {
  noted: {
    size: "ephemeral_disk size: has no effect, disk space is not limited here",
    sticky: "ephemeral_disk sticky: has no effect, the allocation's folder is removed at the end of the run",
    migrate: "ephemeral_disk migrate: has no effect, the allocation's folder is removed at the end of the run",
  },
};

const group: BlockRule = {
  labels: 1,
  attributes: ["count", "shutdown_delay", "meta"],
  blocks: { network, task, restart, meta: free, ephemeral_disk: ephemeralDisk },
  repeated: ["task"],
  noted: {
    ...groupNotes,
    service,
    scaling,
    disconnect: "disconnect: has no effect, there is no server to lose",
    stop_after_client_disconnect: "stop_after_client_disconnect: has no effect, there is no server to lose",
    max_client_disconnect: "max_client_disconnect: has no effect, there is no server to lose",
    prevent_reschedule_on_lost: "prevent_reschedule_on_lost: has no effect, there is no server to lose",
  },
  refused: {
    volume: "volumes need a Nomad client",
    consul,
    vault,
    max_run_duration: "time limits are not available here",
  },
};

/** What a `job` block may hold (`nomad`: job specification). */
export const jobRule: BlockRule = {
  labels: 1,
  attributes: ["id", "name", "type", "datacenters", "region", "namespace", "priority", "meta"],
  blocks: { group, task, meta: free },
  repeated: ["group", "task"],
  noted: {
    ...groupNotes,
    all_at_once: `all_at_once: has no effect, ${placement}`,
    node_pool: `node_pool: has no effect, ${placement}`,
    ui: "ui: has no effect, there is no web interface",
  },
  refused: {
    vault,
    secret: "secret providers are not available here; pass secrets in env or with -var",
    periodic: "periodic jobs need a Nomad server; use cron or a systemd timer",
    parameterized: "dispatched jobs need a Nomad server; use variables and -var",
    multiregion: "regions need a cluster",
  },
};
