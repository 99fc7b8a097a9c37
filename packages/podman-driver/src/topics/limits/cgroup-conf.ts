import type { EngineFacts } from "../../engine/engine-facts.ts";
import type { Report } from "../../config/report.ts";
import type { Given } from "../topic.ts";

const key = "cgroup_conf";

/** Files of a cgroup that other keys write, and which: Nomad and the operator go by those. */
const owned: Readonly<Record<string, string>> = {
  "memory.max": "resources.memory_max",
  "memory.low": "memory_reservation",
  "memory.swap.max": "memory_swap",
  "pids.max": "pids_limit",
  "cpu.max": "cpu_hard_limit",
  "cpu.weight": "resources.cpu",
  "cpu.weight.nice": "resources.cpu",
  "cpuset.cpus": "resources.cores",
  "cpuset.mems": "cpuset_mems",
};

/** Files of a controller's, such as `memory.high` or `hugetlb.2MB.max`; those of `cgroup.` are how the engine handles the task. */
const fileName = /^(?!cgroup\.)[a-z][a-z0-9_]*(\.[A-Za-z0-9_]+)+$/;

/** Settings of the task's cgroup by their file, as the kernel has them. Notes the wish for each. */
export function wantCgroupConf(
  settings: Readonly<Record<string, string>>,
  { report, wish }: Pick<Given, "report" | "wish">,
): Readonly<Record<string, string>> {
  for (const file of Object.keys(settings)) {
    const owner = Object.hasOwn(owned, file) ? owned[file] : undefined;
    if (owner !== undefined) report.refuse({ key, value: file, problem: "has a key of its own", remedy: `set ${owner}` });
    else if (!fileName.test(file)) {
      report.refuse({
        key,
        value: file,
        problem: "is no setting of a cgroup's controller",
        remedy: "write the name of its file, e.g. memory.high",
      });
    } else wish({ kind: "unconfined", key, value: file, what: "what else limits the task's cgroup" });
  }
  return settings;
}

/** Podman fails over it on cgroup v1 (podman 4.3 to 5.8). */
export function checkCgroupConf(
  settings: Readonly<Record<string, string>>,
  context: { readonly facts: EngineFacts; readonly report: Report },
): void {
  const files = Object.keys(settings);
  const { facts, report } = context;
  if (files.length > 0 && facts.cgroupVersion === "v1") {
    report.refuse({
      key,
      value: files.join(", "),
      problem: "needs cgroup v2, and this host has cgroup v1",
      remedy: "remove it, or bind the job to hosts that have it with a constraint on ${attr.driver.podman.cgroupVersion}",
      code: "unsupported",
    });
  }
}

/** The settings by the controllers that they need. */
export function groupByController(settings: Readonly<Record<string, string>>): ReadonlyMap<string, readonly string[]> {
  return Map.groupBy(Object.keys(settings), (file) => file.split(".", 1)[0] ?? file);
}
