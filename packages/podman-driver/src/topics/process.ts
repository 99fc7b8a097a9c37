import { attr, DriverError, type HclValue } from "@driver/nomad-plugin";
import { topic } from "./topic.ts";

/** What runs in the container, as whom, and what it is called. */
export const processTopic = topic({
  fields: {
    command: attr.string({ help: "Command; not set: the image's." }),
    args: attr.list("string", { help: "Arguments of the command, or of the image's entrypoint." }),
    entrypoint: attr.any({ help: "Entrypoint as a list; replaces the image's. A string is deprecated and is not split." }),
    working_dir: attr.string({ help: "Working directory." }),
    hostname: attr.string({ help: "Host name inside the container." }),
    init: attr.bool({ default: false, notYet: true, help: "Run an init process as PID 1 that reaps children." }),
    init_path: attr.string({ notYet: true, help: "Path of the init program on the host." }),
    tty: attr.bool({ default: false, notYet: true, help: "Give the task a terminal." }),
  },
  want: ({ command, args, entrypoint, working_dir: workDir, hostname }, { task, report }) => ({
    // `args` alone replace the image's CMD as well (as with the Go driver).
    command: [...(command === undefined ? [] : [command]), ...args],
    entrypoint: report.attempt("entrypoint", undefined, () => toEntrypoint(entrypoint)),
    workDir,
    hostname,
    user: task.user,
    // Nomad has what its device plugins set in both; a host that has not means the task's own words to count.
    env: { ...task.deviceEnv, ...task.env },
  }),
  plan: ({ command, entrypoint, workDir, hostname, user, env }) => ({
    spec: {
      env,
      ...(command.length > 0 && { command }),
      ...(entrypoint !== undefined && { entrypoint }),
      ...(workDir !== undefined && { work_dir: workDir }),
      ...(hostname !== undefined && { hostname }),
      ...(user !== "" && { user }),
    },
  }),
});

/** A list, or for old jobs one string, which is one word and is not split. */
function toEntrypoint(value: HclValue | undefined): readonly string[] | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === "string") return [value];
  if (Array.isArray(value) && value.every((part) => typeof part === "string" || typeof part === "number" || typeof part === "boolean")) {
    return value.map(String);
  }
  throw new DriverError("config-invalid", 'config key entrypoint: must be a list of strings, such as ["/bin/sh", "-c"]');
}
