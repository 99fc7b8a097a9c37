import { availableParallelism } from "node:os";
import type { TaskConfig } from "@driver/nomad-plugin";
import { defaultImageSettings } from "../config/image-settings.ts";
import { openPolicy } from "../config/operator-policy.ts";
import { defaultLogFiles } from "../config/resolve-log-files.ts";
import type { TaskSettings } from "../config/task-settings.ts";
import { findMistakes } from "./want-task.ts";

/** A key of a task's config that StartTask would refuse. */
export interface ConfigProblem {
  /** Dotted path below the config block, e.g. `logging.driver`; empty for the block itself. */
  readonly path: string;
  readonly message: string;
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

/**
 * What StartTask would refuse whatever Podman and the operator's settings are, in the words it would use. Empty: only a
 * start can tell. For hosts that want to know before they start anything.
 */
export function checkTaskConfig(task: TaskConfig): readonly ConfigProblem[] {
  return findMistakes(task, noSettings).map(({ key, message }) => ({ path: key, message }));
}
