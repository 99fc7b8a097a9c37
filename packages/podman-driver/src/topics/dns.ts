import { isIP } from "node:net";
import type { ContainerSpec } from "@driver/libpod";
import { topic } from "./topic.ts";

/** How the container resolves names. The group's `dns` block counts even when it lists no servers; else the plugin's `dns_servers`. */
export const dnsTopic = topic({
  fields: {},
  want: (_options, { task, settings, report }) => {
    const dns = task.dns ?? { servers: settings.dnsServers, searches: [], options: [] };
    const key = task.dns === undefined ? "dns_servers" : "dns.servers";
    for (const server of dns.servers) {
      if (isIP(server) === 0) report.refuse({ key, value: server, problem: "is not an IP address", remedy: "name servers are given by address" });
    }
    return dns;
  },
  plan: ({ servers, searches, options }) => {
    const spec: Partial<ContainerSpec> = {
      ...(servers.length > 0 && { dns_server: servers }),
      ...(searches.length > 0 && { dns_search: searches }),
      ...(options.length > 0 && { dns_option: options }),
    };
    return { spec };
  },
});
