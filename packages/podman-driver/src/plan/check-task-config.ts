import { availableParallelism } from "node:os";
import type { TaskConfig } from "@driver/nomad-plugin";
import { defaultImageSettings } from "../config/image-settings.ts";
import type { Notice } from "../config/option-notices.ts";
import { openPolicy } from "../config/operator-policy.ts";
import { defaultLogFiles } from "../config/resolve-log-files.ts";
import type { TaskSettings } from "../config/task-settings.ts";
import { remarkOn } from "./want-task.ts";

/** Of a key of a task's config. */
export interface ConfigRemark {
  /** Dotted path below the config block, e.g. `logging.driver`; empty for the block itself. */
  readonly path: string;
  readonly message: string;
}

export interface ConfigFindings {
  /** What StartTask would refuse whatever Podman and the operator's settings are, in the words it would use. Empty: only a start can tell. */
  readonly problems: readonly ConfigRemark[];
  /** What the author should know, as the task's events would tell it: deprecated keys, and such that have no effect. */
  readonly notices: readonly ConfigRemark[];
}

/** An operator who has set nothing. */
export const noSettings: TaskSettings = {
  extraLabels: [],
  dnsServers: [],
  defaultRootlessMode: "",
  hostCpuCount: availableParallelism(),
  logRoute: { from: { kind: "file" }, to: { by: "nomad", files: defaultLogFiles } },
  policy: openPolicy,
  selinuxLabel: "",
  deviceCdiKinds: {},
  images: defaultImageSettings,
};

/** For hosts that want to know before they start anything. */
export function checkTaskConfig(task: TaskConfig): ConfigFindings {
  const { mistakes, notices } = remarkOn(task, noSettings);
  const toRemark = ({ key, message }: Notice): ConfigRemark => ({ path: key, message });
  return { problems: mistakes.map(toRemark), notices: notices.map(toRemark) };
}
