import type { TaskConfig } from "@driver/nomad-plugin";
import { defaultImageSettings } from "../config/image-settings.ts";
import { toFindings, type ConfigFindings } from "../config/config-findings.ts";
import { openPolicy } from "../config/operator-policy.ts";
import { defaultLogFiles } from "../config/resolve-log-files.ts";
import type { TaskSettings } from "../config/task-settings.ts";
import { hostRoots } from "../host/proc-files.ts";
import { countOwnCpus } from "../host/shared-cpus.ts";
import { remarkOn } from "./want-task.ts";

/** An operator who has set nothing. */
export const noSettings: TaskSettings = {
  extraLabels: [],
  dnsServers: [],
  defaultRootlessMode: "",
  hostCpuCount: countOwnCpus(hostRoots),
  logRoute: { from: { kind: "file" }, to: { by: "nomad", files: defaultLogFiles } },
  policy: openPolicy,
  selinuxLabel: "",
  deviceCdiKinds: {},
  images: defaultImageSettings,
  opensAllocationPath: false,
};

/** What StartTask would refuse, and what its events would tell, whatever Podman and the operator's settings are: for hosts. */
export function checkTaskConfig(task: TaskConfig): ConfigFindings {
  const { mistakes, notices } = remarkOn(task, noSettings);
  return toFindings(mistakes, notices);
}
