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
    cells: ["experimental"],
    tests: {
      life: ["killed for memory"],
      recover: ["stops, signals and looks into a recovered task"],
      stats: ["as the kernel counts it", "throttling under a hard limit", "where no cgroup is to be seen"],
    },
    reason: "cgroup v2 has no controllers beside a host with v1, so that the kernel neither limits nor counts",
  },
];
