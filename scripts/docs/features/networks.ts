import type { FeatureSection } from "../feature-table.ts";

/** The test of a task on several networks. */
export const onSeveralNetworks =
  "test/networks > puts a task on several networks, each with its address, names and interface, " +
  "and tells Nomad which one to advertise";

export const networkFeatures: FeatureSection = {
  title: "Networks",
  rows: [
    [
      "The group's network is joined",
      "M",
      "test/task-config > joins the network namespace that Nomad made for the group, whatever network_mode says",
    ],
    [
      "The driver makes the group's network, as a pod",
      "S",
      "test/group-network > gives a group one pod, whose network, host name and 127.0.0.1 its tasks share, and removes it with the group",
      "e2e/nomad/group-network > a group on a bridge (group_network = \"…\", the Podman of …)",
      "test/rootless > a group's pod holds its network, which its tasks share, and root can connect it as Nomad's CNI plugins do",
    ],
    [
      "The group's host name",
      "S",
      "test/group-network > gives a group one pod, whose network, host name and 127.0.0.1 its tasks share, and removes it with the group",
      "test/group-network > a task in a namespace of the host finds its own name",
    ],
    [
      "`network_mode` host, bridge, none",
      "M",
      "test/task-config > shares the host's network, has none, or has its own",
      "e2e/nomad/task-networks > one is on the host's network, and another's port is led to it from there",
    ],
    [
      "Another container's or a file's network",
      "M",
      "test/networks > joins a network namespace by its file and another's container by its name",
    ],
    [
      "Another task's network",
      "M",
      "test/join-task > joins the network of another task with …, also when that starts later",
      "test/join-task > joins again after a restart of the task itself, and of the other, whose restart ends it",
      "test/join-task > tells a task once that the one has ended whose network it has joined, and no other task",
      "test/join-task > tells tasks that wait for each other, which would for ever",
      "e2e/nomad/task-networks > one joins the network of another that starts later, and joins again after that was restarted",
      "e2e/pod-jobs > the tasks of … reach each other as on one host, and are reached",
    ],
    [
      "A network of Podman's by name",
      "M",
      "test/networks > gives a task fixed addresses, a MAC address and names on a network of Podman's, and tells Nomad the address",
    ],
    [
      "Several networks",
      "S",
      onSeveralNetworks,
      "e2e/pod-jobs > the job of docs/networks.md is on the networks that the commands there make",
    ],
    [
      "Names on a network",
      "M",
      "test/networks > gives a task fixed addresses, a MAC address and names on a network of Podman's, and tells Nomad the address",
    ],
    [
      "The name of the interface",
      "C",
      onSeveralNetworks,
    ],
    [
      "`ipv4_address` and `ipv6_address`",
      "M",
      "test/networks > gives a task fixed addresses, a MAC address and names on a network of Podman's, and tells Nomad the address",
      "test/networks > names the key of a network or an address that Podman does not give",
    ],
    [
      "`static_ips`",
      "M",
      "test/networks > gives a task fixed addresses, a MAC address and names on a network of Podman's, and tells Nomad the address",
    ],
    [
      "`static_mac` and Docker's `mac_address`",
      "M",
      "test/networks > gives a task a fixed address and Docker's mac_address on the default network",
    ],
    ["pasta and slirp4netns with options", "M", "src/topics/network/network-mode > takes network_mode \"…\""],
    [
      "A task's `network_mode` beside the group's network",
      "S",
      "src/topics/network/network-topic > is the group's whatever the task asks for, which is told with network_mode \"…\"",
    ],
    [
      "`ports`, for TCP and UDP",
      "M",
      "test/task-config > publishes ports and tells Nomad the task's own address",
      "src/topics/network/network-topic > are published for tcp and udp at their address",
      "test/networks > names the label of a port that cannot be published, and who has it",
    ],
    ["`port_map`", "M", "test/process > publishes the ports of a group by port_map, and tells the task and Nomad of them"],
    ["All ports of the image published", "N", "Nomad gives out ports"],
    ["`extra_hosts`", "M", "test/process > writes the lines of a task into its hosts file"],
    [
      "The hosts file in the group's network",
      "S",
      "test/group-hosts > tasks of a group share one hosts file: the lines of each are there for all, and what one writes",
      "e2e/nomad/group-network > finds its address under its own name without a port too",
    ],
    ["Nomad's `dns` block", "M", "test/task-config > uses the name servers of the group, else those of the plugin"],
    ["`dns_servers`, `dns_search_domains`, `dns_options`", "S", "test/process > gives the task its own resolver"],
    ["No hosts file, the image's, or a base of one", "C"],
    [
      "`advertise_ipv6_address`",
      "S",
      "test/networks > tells Nomad the IPv6 address where the task asks for that, and says so where it has none",
    ],
    ["The address that Nomad's services get", "M", "test/task-config > publishes ports and tells Nomad the task's own address"],
    [
      "Consul's sidecars",
      "M",
      "test/connect-sidecar > runs the sidecar that Nomad injects for Consul Connect, with the config that it writes",
    ],
  ],
};
