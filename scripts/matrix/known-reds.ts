/** Tests that cannot pass in a cell, and whose doing that is. */
export interface KnownReds {
  /** Names of cells. */
  readonly cells: readonly string[];
  /** Names of test files, each with a part of the name of each test. */
  readonly tests: Readonly<Record<string, readonly string[]>>;
  /** In words that fit into the table. */
  readonly reason: string;
}

export const knownReds: readonly KnownReds[] = [
  {
    cells: ["bullseye"],
    tests: { exec: ["without input", "passes stdin on", "carries megabytes"] },
    reason: "Podman 3.0 does not tell a command that its input has ended",
  },
  {
    cells: ["bullseye"],
    tests: { limits: ["limits what a task has asked", "limits how fast a task reads", "names the key of what is no disk"] },
    reason: "Podman 3.0 takes a swappiness of 0 for none, and breaks down over limits of a disk",
  },
  {
    cells: ["bullseye"],
    tests: {
      mounts: ["no_copy", "tmpfs lays memory", "a size of a volume"],
      process: ["the signal that its config names", "time zone, its umask"],
      rootless: ["ids that keep-id names", "user with nomap", "with auto"],
    },
    reason:
      "Podman 3.0 lacks options of mounts and volumes, keep-id's ids, nomap, auto for a user, making a working directory, and a stop " +
      "time-out to read",
  },
  {
    cells: ["bullseye"],
    tests: { "named-keys": ["for what a key says"] },
    reason: "Podman 3.0 has no secrets, tells of ids only that it cannot map them, and crun 0.17 sets what is the whole host's",
  },
  {
    cells: ["bullseye"],
    tests: { rootless: ["an ACL that lets another user pass"] },
    reason: "crun 0.17 passes the folders to what is mounted as the user that keep-id makes of the container's root",
  },
  {
    cells: ["bullseye"],
    tests: { process: ["writes the lines of a task into its hosts file"] },
    reason: "the static busybox of Debian 11 does not look into the hosts file",
  },
  {
    cells: ["bullseye"],
    tests: {
      rootless: ["a group's pod holds its network"],
      "group-hosts": [
        ...["tasks of a group share", "a task that starts again", "a task keeps", "is called hosts", "in the way", "beyond measure"],
      ],
      "group-network": [
        ...["gives a group one pod", "tasks that start again", "whose infra container has ended", "connects a network", "of its name"],
        ...["ids of its own", "in a namespace of the host", "keeps the containers", "is in the cgroup"],
      ],
      pods: ["a task joins a pod"],
    },
    reason: "Podman 3.0 pulls the image of infra containers from a registry, and the tests have none",
  },
  {
    cells: ["bullseye"],
    tests: {
      networks: ["fixed addresses", "tells Nomad the IPv6 address", "a fixed address", "on several networks", "names the key of a network"],
    },
    reason: "Podman 3.0 has no addresses on a network by name, which the driver refuses",
  },
  {
    cells: ["bullseye"],
    tests: { "join-task": ["joins every other namespace"] },
    reason: 'Podman 3.0 knows no ipc_mode = "shareable", and makes the host\'s user namespace of ids that a task asks for',
  },
  {
    cells: ["bullseye"],
    tests: { "image-pull": ["goes on for those who stay", "is begun anew by the next plugin"] },
    reason: "Podman 3.0 goes on with a pull whose caller has left",
  },
  {
    cells: ["bullseye"],
    tests: { "image-pull": ["is ended by pull_activity_timeout", "tells how far it is after 10 s"] },
    reason: "Podman 3.0 does not tell where it downloads to, by which it is seen whether anything comes",
  },
  {
    cells: ["bullseye"],
    tests: { "infra-image": ["is pulled once with the operator's login", "has a time of its own"] },
    reason: "Podman 3.0 does not heed the registries.conf that the tests' engines name in CONTAINERS_REGISTRIES_CONF",
  },
  {
    cells: ["bullseye"],
    tests: {
      stats: ["as the kernel counts it", "throttling under a hard limit", "lacks the memory controller", "where no cgroup is to be seen"],
    },
    reason: "crun 0.17 makes no group in cpuacct where that is apart from cpu, as on this host, so that no CPU time is counted",
  },
  {
    cells: ["experimental"],
    tests: {
      life: ["killed for memory"],
      recover: ["stops, signals and looks into a recovered task"],
      stats: ["as the kernel counts it", "throttling under a hard limit", "where no cgroup is to be seen"],
      rootless: ["tells that limits are not held"],
      "named-keys": ["nodes of memory"],
    },
    reason: "cgroup v2 has no controllers beside a host with v1, so that the kernel neither limits nor counts",
  },
];
