export {};
export { runJob } from "./run/run-job.ts";
export type { RunJobOptions, RunResult } from "./run/run-job.ts";
export type { LogStream, RunEvent, RunListener, TaskName } from "./run/run-event.ts";
export type { LaunchDriver, LaunchedDriver } from "./run/driver/launched-driver.ts";
export type { TaskOutcome } from "./run/lifecycle/task-outcome.ts";
export { RunError } from "./run/run-error.ts";
export type { RunErrorCode } from "./run/run-error.ts";
