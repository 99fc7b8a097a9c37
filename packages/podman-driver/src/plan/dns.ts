import { isIP } from "node:net";
import { DriverError, type DnsConfig } from "@driver/nomad-plugin";

/** Resolver settings in Podman's spelling. */
export interface PodmanDns {
  readonly dns_server?: readonly string[];
  readonly dns_search?: readonly string[];
  readonly dns_option?: readonly string[];
}

/** The group's `dns` block counts even when it lists no servers; else the plugin's `dns_servers`. */
export function planDns(dns: DnsConfig | undefined, pluginServers: readonly string[]): PodmanDns {
  const wanted = dns ?? { servers: pluginServers, searches: [], options: [] };
  const key = dns === undefined ? "dns_servers" : "dns.servers";
  for (const server of wanted.servers) {
    if (isIP(server) === 0) throw new DriverError("config-invalid", `${key}: "${server}" is not an IP address`);
  }
  return {
    ...(wanted.servers.length > 0 && { dns_server: wanted.servers }),
    ...(wanted.searches.length > 0 && { dns_search: wanted.searches }),
    ...(wanted.options.length > 0 && { dns_option: wanted.options }),
  };
}
