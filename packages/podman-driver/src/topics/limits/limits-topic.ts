import type { ContainerSpec } from "@driver/libpod";
import { attr, mapAttr, type LinuxResources } from "@driver/nomad-plugin";
import { explainBlockIoFailure, noBlockIo, planBlockIo, toBlockDeviceNeeds, toBlockIoKeys, wantBlockIo } from "./block-io.ts";
import type { WantedBlockIo } from "./block-io.ts";
import { checkCgroupConf, groupByController, wantCgroupConf } from "./cgroup-conf.ts";
import { toCgroupParent } from "./cgroup-parent.ts";
import { lacksController, toUndelegatedNotice } from "./check-controller.ts";
import { fitMemory, toMemory, type WantedMemory } from "./memory.ts";
import { wantSysctl } from "./sysctl.ts";
import { explainUlimitFailure, toUlimits, verifyUlimits } from "./ulimit.ts";
import type { Report } from "../../config/report.ts";
import { isAtLeast, type EngineFacts } from "../../engine/engine-facts.ts";
import { blame, type Suspect } from "../blame.ts";
import { topic } from "../topic.ts";

/** The kernel takes no other shares (cgroup v1: `cpu.shares`; v2: runtimes make a weight of them, and some fail beyond). */
const [fewestShares, mostShares] = [2, 262_144];

const defaultPeriodUs = 100_000;
const [shortestPeriodUs, longestPeriodUs] = [1000, 1_000_000];

/** How much of the host the task may use: what the job's `resources` say, and more. */
export const limitsTopic = topic({
  fields: {
    memory_reservation: attr.string({ help: "Soft memory limit, e.g. 100m; below memory_max never more than the task's memory." }),
    memory_swap: attr.string({ help: "Limit of memory and swap together, e.g. 180m; -1: no limit; not set: twice the memory limit." }),
    memory_swappiness: attr.number({ help: "Inclination to swap, 0 to 100; cgroup v1 only; not set: the host's." }),
    memory_hard_limit: attr.number({ help: "Memory limit in MB, as Docker's driver has it; resources.memory_max is the newer way." }),
    cpu_hard_limit: attr.bool({ default: false, help: "Limit CPU time to the task's share even on an idle machine." }),
    cpu_cfs_period: attr.number({ format: "uint64", help: "Period of cpu_hard_limit in microseconds, up to 1000000; default 100000." }),
    cpuset_cpus: attr.string({
      unused: "reserve cores with resources.cores",
      help: "Docker's key, which has no effect there either: resources.cores reserves cores.",
    }),
    cpuset_mems: attr.string({ help: "NUMA nodes whose memory the task may use, e.g. 0 or 0-1." }),
    blkio_weight: attr.number({ help: "Share of the disks' time against other tasks, 10 to 1000; the kernel's default: 100." }),
    blkio_weight_device: attr.list("string", { help: "The same for one block device, as path:weight; needs the I/O scheduler bfq." }),
    device_read_bps: attr.list("string", { help: "Most bytes a second read from a block device, as path:rate, e.g. /dev/sda:10m." }),
    device_write_bps: attr.list("string", { help: "Most bytes a second written to a block device, as path:rate." }),
    device_read_iops: attr.list("string", { help: "Most reads a second from a block device, as path:rate, e.g. /dev/sda:200." }),
    device_write_iops: attr.list("string", { help: "Most writes a second to a block device, as path:rate." }),
    cgroup_conf: mapAttr("string", { help: "Further settings of the task's cgroup by file, e.g. memory.high; cgroup v2 only." }),
    pids_limit: attr.number({ help: "Most processes at a time; 0 or less: Podman's default." }),
    oom_score_adj: attr.number({ format: "int16", default: 0, help: "Inclination of the kernel to kill the task, -1000 to 1000." }),
    ulimit: mapAttr("string", {
      help: "Resource limits by name as soft[:hard]; -1 or unlimited: no limit. What is not named is Podman's to set.",
    }),
    sysctl: mapAttr("string", { help: "Kernel settings of the container's namespaces." }),
  },
  want: (options, { task: { resources }, settings, report, wish }) => ({
    memory: toMemory(resources, options, report),
    cpuShares: toShares(resources.cpuShares),
    // Without cores of its own a task is kept to the shared ones while it runs, as they change.
    cpus: resources.linux.cpusetCpus,
    isHard: options.cpu_hard_limit,
    quota: options.cpu_hard_limit
      ? toQuota(resources.linux.percentTicks, { periodUs: options.cpu_cfs_period ?? 0, hostCpuCount: settings.hostCpuCount }, report)
      : givenQuota(resources.linux),
    mems: toNodes(options.cpuset_mems, report),
    blockIo: wantBlockIo(options, report),
    cgroupConf: wantCgroupConf(options.cgroup_conf, { report, wish }),
    pidsLimit: toPids(options.pids_limit ?? 0, report),
    oomScoreAdj: toOomScoreAdj(options.oom_score_adj, report) || resources.linux.oomScoreAdj,
    ulimits: toUlimits(options.ulimit, report),
    sysctl: wantSysctl(options.sysctl, report),
    parent: toCgroupParent(resources.linux.cpusetCgroup),
  }),
  plan: (wished, { facts, report }) => {
    checkCgroupConf(wished.cgroupConf, { facts, report });
    const { cpus, quota, mems, pidsLimit, cgroupConf, notices: undelegated, ...wanted } = leaveOutUndelegated(wished, facts);
    const { oomScoreAdj, ulimits, sysctl } = wanted;
    // A rootless Podman weighs tasks only where systemd has delegated the CPU controller to its user.
    const mayWeigh = !facts.rootless || facts.cgroupControllers.includes("cpu");
    const { cpuShares } = wanted;
    const { memory, notices } = fitMemory(wanted.memory, { facts, report });
    const blockIo = planBlockIo(wanted.blockIo);
    const spec: Partial<ContainerSpec> = {
      resource_limits: {
        ...(Object.keys(memory).length > 0 && { memory }),
        cpu: {
          ...(mayWeigh && cpuShares !== undefined && { shares: cpuShares }),
          ...(cpus !== "" && { cpus }),
          ...(mems !== undefined && { mems }),
          ...quota,
        },
        ...(pidsLimit > 0 && { pids: { limit: pidsLimit } }),
        ...blockIo.resources,
        ...(Object.keys(cgroupConf).length > 0 && { unified: cgroupConf }),
      },
      ...blockIo.spec,
      ...(oomScoreAdj !== 0 && { oom_score_adj: oomScoreAdj }),
      ...(ulimits.length > 0 && { r_limits: ulimits }),
      ...(Object.keys(sysctl.settings).length > 0 && { sysctl: sysctl.settings }),
      // Nomad's own slice holds its tasks where systemd manages cgroups (as the Go driver does).
      ...(facts.cgroupVersion === "v2" && facts.cgroupManager === "systemd" && { cgroup_parent: wanted.parent }),
    };
    return {
      spec,
      notices: [...toUnheldNotices(facts), ...undelegated, ...notices, ...sysctl.unset.map(toUnsetNotice)],
      needs: toBlockDeviceNeeds(wanted.blockIo),
      isVerified: facts.rootless && ulimits.length > 0,
      explain: (podmanText) =>
        explainBlockIoFailure(podmanText, wanted.blockIo) ??
        explainUlimitFailure(podmanText, ulimits) ??
        blame(podmanText, toSuspects({ mems, oomScoreAdj, sysctl: sysctl.settings })),
    };
  },
  verify: ({ ulimits }, made) => verifyUlimits(ulimits, made),
});

/** A Podman before 4.0 does not say so in its answer to the create, and on cgroup v2 none does (seen with 5.4). */
function toUnheldNotices({ rootless, cgroupVersion, cgroupManager, ...facts }: EngineFacts): readonly string[] {
  if (!rootless) return [];
  if (cgroupVersion === "v1") {
    return isAtLeast(facts, [4, 0]) ? [] : ["limits are not applied: a rootless Podman holds none on a host with cgroup v1"];
  }
  if (cgroupVersion !== "v2" || cgroupManager !== "cgroupfs") return [];
  return [
    'limits are not applied: a rootless Podman holds none while its cgroup_manager is "cgroupfs"; ' +
      '"systemd" would be right, for which its user needs a session of systemd (loginctl enable-linger)',
  ];
}

function toUnsetNotice(name: string): string {
  return `sysctl.${name} is not set: its value is empty`;
}

interface Suspected {
  readonly mems: string | undefined;
  readonly oomScoreAdj: number;
  readonly sysctl: Readonly<Record<string, string>>;
}

/** runc says of a score that its own may not go below no more than that its child has ended (runc 1.1). */
function toSuspects({ mems, oomScoreAdj, sysctl }: Suspected): readonly Suspect[] {
  return [
    ...Object.entries(sysctl).map(([name, value]) => ({
      words: toSysctlWords(name),
      key: `sysctl.${name}`,
      value,
      want: "which must be a setting of the container's own namespaces, and a value that the kernel takes",
    })),
    ...(mems === undefined
      ? []
      : [{ words: /memory nodes|cpuset mems/, key: "cpuset_mems", value: mems, want: "which must be nodes that the host has" }]),
    ...(oomScoreAdj < 0
      ? [
          {
            words: /get final child's PID|oom_score_adj/,
            key: "oom_score_adj",
            value: oomScoreAdj,
            want: "which must not be below that of the Podman service, unless that has CAP_SYS_RESOURCE",
          },
        ]
      : []),
  ];
}

/** Runtimes name a setting, or its file, each with quotes of its own (runc 1.1, crun 1.21). */
function toSysctlWords(name: string): Suspect["words"] {
  const file = `/proc/sys/${name.replaceAll(".", "/")}`;
  const words = [`sysctl "${name}"`, `sysctl \`${name}\``, `${file}:`, `${file}\`:`];
  return { test: (text) => words.some((part) => text.includes(part)) };
}

/** In bytes, of the container that an engine makes; undefined: none. */
export function toMemoryLimit({ memory }: { readonly memory: WantedMemory }, facts: EngineFacts): number | undefined {
  return lacksController("memory", facts) ? undefined : memory.limit;
}

interface LimitsOfControllers {
  readonly cpuShares: number | undefined;
  readonly cpus: string;
  readonly isHard: boolean;
  readonly quota: { readonly quota?: number; readonly period?: number };
  readonly memory: WantedMemory;
  readonly mems: string | undefined;
  readonly pidsLimit: number;
  readonly blockIo: WantedBlockIo;
  readonly cgroupConf: Readonly<Record<string, string>>;
}

/** A task runs without the limits that its engine's cgroups cannot hold, and its owner is told. */
function leaveOutUndelegated<L extends LimitsOfControllers>(limits: L, facts: EngineFacts): L & { readonly notices: readonly string[] } {
  const { cpuShares, memory, isHard, cpus, mems, pidsLimit } = limits;
  const ofCpu = [...(cpuShares === undefined ? [] : ["the CPU shares"]), ...(isHard ? ["cpu_hard_limit"] : [])];
  const ofDisks = toBlockIoKeys(limits.blockIo);
  const conf = [...groupByController(limits.cgroupConf)].filter(([controller]) => lacksController(controller, facts));
  const lostFiles = new Set(conf.flatMap(([, files]) => files));
  const cgroupConf = Object.fromEntries(Object.entries(limits.cgroupConf).filter(([file]) => !lostFiles.has(file)));
  const lost = [
    ...(Object.keys(memory).length > 0 ? [{ what: "the memory limit is", controller: "memory", without: { memory: {} } }] : []),
    ...(ofCpu.length > 0 ? [{ what: toSubject(ofCpu), controller: "cpu", without: { cpuShares: undefined, quota: {} } }] : []),
    ...(cpus !== "" ? [{ what: "cores are", controller: "cpuset", without: { cpus: "" } }] : []),
    ...(mems !== undefined ? [{ what: "cpuset_mems is", controller: "cpuset", without: { mems: undefined } }] : []),
    ...(pidsLimit > 0 ? [{ what: "pids_limit is", controller: "pids", without: { pidsLimit: 0 } }] : []),
    ...(ofDisks.length > 0 ? [{ what: toSubject(ofDisks), controller: "io", without: { blockIo: noBlockIo } }] : []),
    ...conf.map(([controller, files]) => ({ what: toSubject(files.map(ofConf)), controller, without: { cgroupConf } })),
  ].filter(({ controller }) => lacksController(controller, facts));
  const notices = lost.map(({ what, controller }) => toUndelegatedNotice(what, controller, facts));
  return Object.assign({ ...limits, notices }, ...lost.map(({ without }) => without));
}

function ofConf(file: string): string {
  return `cgroup_conf's ${file}`;
}

function toSubject(names: readonly string[]): string {
  const isPlural = names.length > 1 || names[0]?.endsWith(" shares") === true;
  return `${names.join(" and ")} ${isPlural ? "are" : "is"}`;
}

/** Podman says itself which nodes the host lacks. */
function toNodes(text: string | undefined, report: Report): string | undefined {
  const ranges = text?.split(",").map((part) => /^(\d+)(?:-(\d+))?$/.exec(part)) ?? [];
  if (ranges.some((range) => range === null || Number(range[1]) > Number(range[2] ?? range[1]))) {
    report.refuse({ key: "cpuset_mems", value: text, problem: "is no list of NUMA nodes", remedy: "write e.g. 0 or 0-1,3" });
  }
  return text;
}

/** The kernel has no more processes (linux: PID_MAX_LIMIT), and takes no higher limit. */
const mostPids = 4_194_304;

function toPids(limit: number, report: Report): number {
  if (limit > mostPids) {
    report.refuse({ key: "pids_limit", value: limit, problem: "is more than Linux has", remedy: `at most ${mostPids} would be right` });
  }
  return Math.max(0, limit);
}

function toOomScoreAdj(score: number, report: Report): number {
  if (Math.abs(score) > 1000) {
    report.refuse({ key: "oom_score_adj", value: score, problem: "is out of range", remedy: "-1000 to 1000 would be right" });
  }
  return score;
}

/** Shares beyond what the kernel takes count as the nearest it does, as with Nomad's Docker driver. */
function toShares(shares: number): number | undefined {
  return shares > 0 ? Math.min(mostShares, Math.max(fewestShares, shares)) : undefined;
}

/** No agent up to 2.0 fills these in; one that does means them. */
function givenQuota({ cpuQuotaUs, cpuPeriodUs }: LinuxResources): { readonly quota?: number; readonly period?: number } {
  return { ...(cpuQuotaUs > 0 && { quota: cpuQuotaUs }), ...(cpuPeriodUs > 0 && { period: cpuPeriodUs }) };
}

function toQuota(
  percentTicks: number,
  { periodUs, hostCpuCount }: { readonly periodUs: number; readonly hostCpuCount: number },
  report: Report,
): { readonly quota: number; readonly period: number } {
  if (periodUs > longestPeriodUs) {
    report.refuse({
      key: "cpu_cfs_period",
      value: periodUs,
      problem: "is too long",
      remedy: `at most ${longestPeriodUs} microseconds would be right`,
    });
  }
  const period = periodUs === 0 ? defaultPeriodUs : Math.max(shortestPeriodUs, periodUs);
  return { period, quota: Math.max(1000, Math.trunc(percentTicks * period) * hostCpuCount) };
}
