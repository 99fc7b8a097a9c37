import type { ContainerSpec } from "@driver/libpod";
import { attr } from "@driver/nomad-plugin";
import { checkNameServer } from "../../config/check-name-server.ts";
import type { Report } from "../../config/report.ts";
import { topic } from "../topic.ts";

const ownKeys = ["dns_servers", "dns_search_domains", "dns_options"] as const;
const groupKeys = ["dns.servers", "dns.searches", "dns.options"] as const;

/**
 * How the container resolves names. The group's `dns` block counts alone, even when it lists no servers (as with Nomad's Docker
 * driver); else the task's own keys, and the plugin's `dns_servers` where the task names no servers.
 */
export const dnsTopic = topic({
  fields: {
    dns_servers: attr.list("string", { help: "Name servers by address; not set: the plugin's. A dns block of the group replaces them." }),
    dns_search_domains: attr.list("string", { help: "Domains that names are looked up in; a dns block of the group replaces them." }),
    dns_options: attr.list("string", { help: "Options of the resolver, e.g. ndots:2; a dns block of the group replaces them." }),
  },
  want: ({ dns_servers: servers, dns_search_domains: searches, dns_options: options }, { task, settings, report }) => {
    const own = { servers: servers.length > 0 ? servers : settings.dnsServers, searches, options };
    const dns = task.dns ?? own;
    const [serverKey, searchKey, optionKey] = task.dns === undefined ? ownKeys : groupKeys;
    for (const server of dns.servers) checkNameServer(server, { key: serverKey, ...subjectOf(serverKey) }, report);
    checkWords(searchKey, dns.searches, report);
    checkWords(optionKey, dns.options, report);
    const given = [servers, searches, options];
    const setKeys = ownKeys.filter((_key, index) => (given[index]?.length ?? 0) > 0);
    return { ...dns, setKeys, isGroups: task.dns !== undefined };
  },
  plan: ({ servers, searches, options, setKeys, isGroups }) => {
    const spec: Partial<ContainerSpec> = {
      ...(servers.length > 0 && { dns_server: servers }),
      ...(searches.length > 0 && { dns_search: searches }),
      ...(options.length > 0 && { dns_option: options }),
    };
    return { spec, notices: (isGroups ? setKeys : []).map((key) => `${key} is not used: the group has a dns block`) };
  },
});

/** The group's block is no part of the task's config. */
function subjectOf(key: string): { readonly subject?: string } {
  return key.startsWith("dns.") ? { subject: `the group's network block, ${key}` } : {};
}

/** Podman writes into resolv.conf whatever it is given (podman 4.3 to 6.1). */
function checkWords(key: string, words: readonly string[], report: Report): void {
  for (const word of words) {
    if (!/^\S+$/.test(word)) {
      const [problem, remedy] = ["is not one word", "write each as an item of its own, without blanks"];
      report.refuse({ key, ...subjectOf(key), value: word, problem, remedy });
    }
  }
}
