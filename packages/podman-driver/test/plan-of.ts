import type { ContainerSpec } from "@driver/libpod";
import { encodeMsgpack, type HclRecord, type TaskConfig } from "@driver/nomad-plugin";
import { plainTask } from "@driver/testing";
import type { TaskSettings } from "../src/config/task-settings.ts";
import type { EngineFacts } from "../src/engine/engine-facts.ts";
import { noSettings } from "../src/plan/check-task-config.ts";
import { completeSpec } from "../src/plan/complete-spec.ts";
import { planContainer, type ContainerPlan } from "../src/plan/container-plan.ts";
import { remarkOn, wantTask, type DecodedTask } from "../src/plan/want-task.ts";
import type { GroupHosts } from "../src/topics/group-hosts.ts";
import type { Met } from "../src/topics/met.ts";

/** Of Podman 4.3.1 on Debian 12. */
const defaultCapabilities =
  "AUDIT_WRITE CHOWN DAC_OVERRIDE FOWNER FSETID KILL MKNOD NET_BIND_SERVICE NET_RAW SETFCAP SETGID SETPCAP SETUID SYS_CHROOT".split(" ");

/** A rootful Podman of the oldest supported version, on cgroup v1. */
export const plainFacts: EngineFacts = {
  version: "4.3.1",
  rootless: false,
  cgroupVersion: "v1",
  cgroupManager: "cgroupfs",
  cgroupControllers: [],
  defaultCapabilities,
  ociRuntime: "runc",
  selinuxEnabled: false,
  apparmorEnabled: false,
  hasSystemd: true,
  architecture: "amd64",
  downloadFolder: "",
  graphRoot: "",
  isRemote: false,
};

/** An operator who has set nothing, on a host with four cores. */
export const plainSettings: TaskSettings = { ...noSettings, hostCpuCount: 4 };

/** What differs from a plain task, whose config has no more than the image busybox. */
export interface Wishes {
  readonly config?: HclRecord;
  readonly task?: Partial<TaskConfig>;
  readonly settings?: Partial<TaskSettings>;
  readonly facts?: Partial<EngineFacts>;
}

/** What a task wants. @throws DriverError with all mistakes in the config */
export function decodedOf(wishes: Wishes = {}): DecodedTask {
  return wantTask(toTask(wishes), { ...plainSettings, ...wishes.settings });
}

/** Needs that come to what the job has written. */
export const asWritten: Met = { image: undefined, mountedImages: [], paths: new Map(), containers: new Map() };

/** The plan of a task's container, and its spec where the needs come to `met`. @throws DriverError for what cannot be had */
export function planOf(wishes: Wishes = {}, met = asWritten): Omit<ContainerPlan, "parts"> & { readonly spec: ContainerSpec } {
  const facts = { ...plainFacts, ...wishes.facts };
  const { parts, ...plan } = planContainer({
    task: toTask(wishes),
    decoded: decodedOf(wishes),
    settings: { ...plainSettings, ...wishes.settings },
    facts,
    socketName: "default",
  });
  return { ...plan, spec: completeSpec({ ...plan, parts }, met) };
}

/** The spec of a task's container. @throws as `planOf` */
export function specOf(wishes: Wishes = {}): ContainerSpec {
  return planOf(wishes).spec;
}

/** What a task asks for in the hosts file of its group; undefined: it shares none. @throws as `planOf` */
export function groupHostsOf(wishes: Wishes = {}): GroupHosts | undefined {
  return planOf(wishes).needs.find((need) => need.kind === "group-hosts")?.hosts;
}

/** What a start would refuse whatever the engine is, each as `key > message`. */
export function mistakesOf(wishes: Wishes = {}): readonly string[] {
  const { mistakes } = remarkOn(toTask(wishes), { ...plainSettings, ...wishes.settings });
  return mistakes.map(({ key, message }) => `${key} > ${message}`);
}

function toTask({ config, task }: Wishes): TaskConfig {
  return plainTask({ driverConfig: encodeMsgpack({ image: "busybox", ...config }), ...task });
}
