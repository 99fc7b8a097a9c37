import { attr, mapAttr } from "@driver/nomad-plugin";

/** How the container is reached. */
export const networkFields = {
  network_mode: attr.string({ help: "bridge, host, none, pasta, slirp4netns, container:id, ns:path, task:name, or a Podman network." }),
  ipv4_address: attr.string({ help: "Fixed IPv4 address." }),
  ipv6_address: attr.string({ help: "Fixed IPv6 address." }),
  static_ips: attr.list("string", { help: "More fixed addresses." }),
  static_mac: attr.string({ help: "Fixed MAC address." }),
  extra_hosts: attr.list("string", { help: "Entries of /etc/hosts as host:ip." }),
  ports: attr.list("string", { help: "Labels of the group's ports to publish." }),
  port_map: mapAttr("number", { deprecated: "ports", help: "Container ports of the task's own network by label." }),
};
