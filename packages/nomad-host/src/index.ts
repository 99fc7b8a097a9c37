export { launchJob } from "./run/launch/launch-job.ts";
export { nextLaunch } from "./run/launch/next-launch.ts";
export { parseTaskTemplate, renderTaskTemplate, templateFunctionNames } from "./template/task-template.ts";
export { TemplateError } from "./template/template-error.ts";
export { formatVariablePath, parseVariablePath, problemOfVariablePath } from "./template/variable-path.ts";
export { normalizeCron } from "./job/cron/normalize-cron.ts";
export type { Dispatch } from "./run/launch/derive-job.ts";
export type { LaunchOptions } from "./run/launch/launch-job.ts";
export type { RunJobOptions, RunResult } from "./run/run-job.ts";
export type { LogStream, RunEvent, RunListener, TaskName } from "./run/run-event.ts";
export type { LaunchDriver, LaunchedDriver } from "./run/driver/launched-driver.ts";
export { validateJob } from "./run/validate-job.ts";
export type { KnownDriver } from "./run/prepare-allocations.ts";
export type { PlacedProblem } from "./run/driver/encode-task-config.ts";
export type { CheckConfig, ConfigRemark, Findings } from "./run/driver/check-configs.ts";
export type { TaskOutcome } from "./run/lifecycle/task-outcome.ts";
export type { NoRestartReason } from "./run/run-event.ts";
export type { HostSettings } from "./run/host-settings.ts";
export { VariableStore } from "./run/variables/variable-store.ts";
export { RunError } from "./run/run-error.ts";
export { checkPluginBlock, type CheckPluginConfig } from "./run/driver/check-plugin-block.ts";
export { loadPluginConfig } from "./run/driver/load-plugin-config.ts";
export type { RunErrorCode } from "./run/run-error.ts";
export { inspectJob, loadJob } from "./job/load-job.ts";
export type { LoadJobOptions } from "./job/load-job.ts";
export type {
  GroupNetwork,
  GroupPort,
  Job,
  JobNote,
  JobType,
  RestartPolicy,
  Task,
  TaskGroup,
  TaskLifecycle,
  TaskResources,
  TaskTemplate,
} from "./job/job.ts";
export { toExcerpt } from "@driver/hcl";
export { JobFileError } from "./job/job-file-error.ts";
export type { JobFileErrorCode } from "./job/job-file-error.ts";
export { jobKeys } from "./job/keys/job-keys.ts";
export { takesForm, type JobKey, type JobKeys } from "./job/keys/job-key.ts";
