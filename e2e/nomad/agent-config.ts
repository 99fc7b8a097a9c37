import type { AgentPorts } from "../find-agent-ports.ts";

export interface AgentConfig {
  /** Absolute; holds `plugins` and `data`. */
  readonly folder: string;
  readonly ports: AgentPorts;
  readonly socketPath: string;
  readonly logCollection: "nomad" | "driver";
  readonly groupNetwork: "nomad" | "pod";
  /** Further lines of the plugin's config. */
  readonly pluginConfig: string;
}

/** Where Debian's package containernetworking-plugins puts them. */
export const cniFolder = "/usr/lib/cni";

/**
 * Server and client in one agent. Its fingerprints of clouds would ask addresses that are not there; its data are kept, for
 * the agent to be started again; statistics are collected, which Nomad 2.0 does only when told to publish them.
 */
export function renderAgentConfig(config: AgentConfig): string {
  return `bind_addr            = "127.0.0.1"
plugin_dir           = "${config.folder}/plugins"
data_dir             = "${config.folder}/data"
log_level            = "DEBUG"
disable_update_check = true

ports {
  http = ${config.ports.http}
  rpc  = ${config.ports.rpc}
  serf = ${config.ports.serf}
}

advertise {
  http = "127.0.0.1"
  rpc  = "127.0.0.1"
  serf = "127.0.0.1"
}

server {
  enabled          = true
  bootstrap_expect = 1
}

client {
  enabled                  = true
  cpu_total_compute        = 4000
  network_interface        = "lo"
  gc_max_allocs            = 500
  cni_path                 = "${cniFolder}"
  gc_disk_usage_threshold  = 99
  gc_inode_usage_threshold = 99

  options {
    "fingerprint.denylist" = "env_aws,env_gce,env_azure,env_digitalocean,consul,vault"
  }
}

limits {
  # A test may ask for hundreds of allocations at once.
  http_max_conns_per_client = 0
}

telemetry {
  publish_allocation_metrics = true
  collection_interval        = "1s"
}

plugin "nomad-driver-podman" {
  config {
    socket_path    = "unix://${config.socketPath}"
    log_collection = "${config.logCollection}"
    group_network  = "${config.groupNetwork}"
    ${config.pluginConfig}
  }
}
`;
}
