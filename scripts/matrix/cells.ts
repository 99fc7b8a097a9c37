import type { UserlandSource, WorldUserland } from "@driver/testing";

/** One Podman of the matrix and how it is run. */
export interface MatrixCell {
  /** What a person chooses it by. */
  readonly name: string;
  /** Where its Podman comes from; undefined: the one that this host has. */
  readonly source: UserlandSource | undefined;
  readonly cgroups: WorldUserland["cgroups"] | "host";
  /** Whose programs and libraries it runs with, for the table. */
  readonly programs: string;
}

/** Newer ones move, and old ones go: what a mirror does not serve is told, and is no failure. */
export const matrixCells: readonly MatrixCell[] = [
  { name: "installed", source: undefined, cgroups: "host", programs: "the host itself" },
  {
    name: "bullseye",
    source: { suites: ["bullseye"], packages: ["podman", "containernetworking-plugins", "slirp4netns"] },
    cgroups: "v1",
    programs: "Debian 11",
  },
  {
    name: "bookworm",
    source: { suites: ["bookworm"], packages: ["podman", "netavark", "aardvark-dns", "slirp4netns"] },
    cgroups: "v1",
    programs: "Debian 12",
  },
  {
    name: "trixie",
    source: { suites: ["trixie"], packages: ["podman", "netavark", "aardvark-dns", "passt"] },
    cgroups: "v1",
    programs: "Debian 13",
  },
  {
    name: "sid",
    source: { suites: ["sid"], packages: ["podman", "netavark", "aardvark-dns", "passt"] },
    cgroups: "v1",
    programs: "Debian unstable",
  },
  {
    name: "experimental",
    source: {
      suites: ["sid", "experimental"],
      packages: [
        ...["podman/experimental", "netavark/experimental", "aardvark-dns", "passt"],
        // Their libc is newer than that of unstable now and then.
        ...["libc6/experimental", "libc-gconv-modules-extra/experimental"],
      ],
    },
    // Podman 6 runs with cgroup v2 alone.
    cgroups: "v2",
    programs: "Debian experimental",
  },
];

/** The test files of a cell, by their names: what a task's life comes to. */
export const matrixSuites: readonly string[] = [
  ...["life", "process", "exec", "logs", "stop-signal", "recover", "stats", "limits", "mounts"],
  // What an old one would drop, and which key their words are about.
  ...["old-podman", "named-keys"],
  // What a group shares.
  ...["networks", "join-task", "group-network", "group-hosts", "pods"],
  // Where images come from, and where they go.
  ...["image-pull", "image-auth", "image-platform", "image-clean-up", "infra-image"],
  // An ordinary user's Podman beside root's.
  "rootless",
];

/** Those of them that need the kernel to hold limits, which it does not with the cgroup v2 that a host with v1 leaves. */
export const limitSuites: readonly string[] = ["limits"];
