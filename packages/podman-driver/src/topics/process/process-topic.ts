import { attr } from "@driver/nomad-plugin";
import { checkWords, toCommand } from "./command.ts";
import { toHostname, toInitPath, toStopSignal, toStopTimeout, toTimezone, toUmask } from "./life.ts";
import type { Report } from "../../config/report.ts";
import { blame, type Suspect } from "../blame.ts";
import { topic } from "../topic.ts";

/** What runs in the container, as whom, what it is called, and how it is asked to end. */
export const processTopic = topic({
  fields: {
    command: attr.string({ help: "Command; not set: the image's." }),
    args: attr.list("string", { help: "Arguments of the command, or without one of the entrypoint; they replace the image's command." }),
    entrypoint: attr.any({ help: "Entrypoint as a list; replaces the image's. A string is deprecated and is not split." }),
    working_dir: attr.string({ help: "Working directory, which must be there; not set: the image's." }),
    work_dir: attr.string({ help: "Docker's name for working_dir; made where the image does not have it, as with Docker." }),
    hostname: attr.string({
      help: "Host name inside the container; not set: that of the group in its network, of the host in its, else the container's id.",
    }),
    init: attr.bool({ default: false, help: "Run an init process as PID 1 that reaps children." }),
    init_path: attr.string({ help: "Path of the init program on the host; not set: Podman's catatonit." }),
    tty: attr.bool({ default: false, help: "Give the task a terminal; its stderr is then part of stdout." }),
    interactive: attr.bool({ default: false, help: "Keep the task's standard input open, though nobody writes to it." }),
    stop_signal: attr.string({ help: "Signal that asks the task to end where the job sets no kill_signal; default: the image's." }),
    stop_timeout: attr.number({
      help: "Seconds that podman stop waits before it kills the task, by default 10; Nomad itself goes by kill_timeout.",
    }),
    isolation: attr.string({
      refused: {
        problem: "is a mode for containers of Windows, which Podman does not run",
        remedy: 'remove it; runtime = "kata" or another OCI runtime isolates more than the default one',
      },
      help: "Docker's key for containers of Windows, which Podman does not run: refused.",
    }),
    container_exists_attempts: attr.number({
      unused: "a container's name that is in use is waited for, or its holder named, without it",
      help: "Docker's key, without effect here: a name that is in use is waited for anyway.",
    }),
    timezone: attr.string({ help: "Time zone of /etc/localtime, e.g. Europe/Paris, or local for the host's; not set: the image's." }),
    umask: attr.string({ help: "Umask of the task in octal digits, e.g. 0027; not set: 0022." }),
  },
  want: (options, { task, report }) => {
    const { command, entrypoint } = toCommand(options, report);
    // Nomad has what its device plugins set in both; a host that has not means the task's own words to count.
    const env = { ...task.deviceEnv, ...task.env };
    checkWords({ env, entrypoint, command }, report);
    return {
      command,
      entrypoint,
      isEntrypointText: typeof options.entrypoint === "string",
      ...toWorkDir(options, report),
      hostname: toHostname(options.hostname, report),
      user: task.user,
      env,
      init: options.init,
      initPath: toInitPath(options.init_path, report),
      tty: options.tty,
      isInteractive: options.interactive,
      stopSignal: toStopSignal(options.stop_signal, report),
      stopTimeout: toStopTimeout(options.stop_timeout, report),
      timezone: toTimezone(options.timezone, report),
      umask: toUmask(options.umask, report),
    };
  },
  plan: (wanted) => {
    const { command, entrypoint, workDir, makesWorkDir, user, env, init, initPath, tty, isInteractive } = wanted;
    return {
      env,
      spec: {
        ...(command.length > 0 && { command }),
        ...(entrypoint !== undefined && { entrypoint }),
        ...(workDir !== undefined && { work_dir: workDir }),
        ...(makesWorkDir && { create_working_dir: true }),
        ...(user !== "" && { user }),
        ...(init && { init: true, ...(initPath !== undefined && { init_path: initPath }) }),
        ...(tty && { terminal: true }),
        ...(isInteractive && { stdin: true }),
        ...(wanted.stopSignal !== undefined && { stop_signal: wanted.stopSignal }),
        ...(wanted.stopTimeout !== undefined && { stop_timeout: wanted.stopTimeout }),
        ...(wanted.timezone !== undefined && { timezone: wanted.timezone }),
        ...(wanted.umask !== undefined && { umask: wanted.umask }),
      },
      notices: [
        ...(wanted.isEntrypointText ? ["config key entrypoint as a string is deprecated, and it is not split: write a list"] : []),
        ...(initPath !== undefined && !init ? ["init_path is not used: the task does not set init = true"] : []),
      ],
      explain: (podmanText) => blame(podmanText, toSuspects(wanted)),
    };
  },
});

interface Suspected extends WantedWorkDir {
  readonly initPath: string | undefined;
  readonly timezone: string | undefined;
  readonly user: string;
}

const notMade = "which this Podman does not make: it must be a folder of the image";

/** Of the user Podman finds out at the start, and of the rest too what only the host and the image tell (podman 4.3 to 6.1). */
function toSuspects({ workDir, makesWorkDir, initPath, timezone, user }: Suspected): readonly Suspect[] {
  const folder = makesWorkDir ? "which must not be a file of the image" : "which must be a folder of the image; work_dir makes one";
  return [
    // One before 4.3 may not know that it is to make one (podman 3.0).
    ...(makesWorkDir ? [{ words: /\bworkdir ".*" does not exist/, key: "work_dir", value: workDir, want: notMade }] : []),
    { words: /\bworkdir "/, key: makesWorkDir ? "work_dir" : "working_dir", value: workDir, want: folder },
    { words: /container-init binary not found/, key: "init_path", value: initPath, want: "which must be a program of the host" },
    {
      // The path, or where it is looked for by its name first (podman 5.4).
      words: /zoneinfo|finding timezone/,
      key: "timezone",
      value: timezone,
      want: "which must be a file below the host's /usr/share/zoneinfo",
    },
    {
      words: { test: (text: string) => /unable to find (user|group) |must be in range/.test(text) && !/supplemental groups/.test(text) },
      key: "user",
      value: user,
      want: "which must be a user of the image, or an id up to 2147483647, and so the group behind a colon",
    },
  ].filter(({ value }) => value !== undefined && value !== "");
}

interface WorkDirOptions {
  readonly working_dir?: string | undefined;
  readonly work_dir?: string | undefined;
}

interface WantedWorkDir {
  readonly workDir: string | undefined;
  /** True: made where the image does not have it. */
  readonly makesWorkDir: boolean;
}

function toWorkDir({ working_dir: ours, work_dir: dockers }: WorkDirOptions, report: Report): WantedWorkDir {
  if (ours !== undefined && dockers !== undefined) {
    report.refuse({
      key: "work_dir",
      value: dockers,
      problem: "is a second name for working_dir, which is set too",
      remedy: "remove one of the two",
    });
  }
  const workDir = ours ?? dockers;
  const key = ours === undefined ? "work_dir" : "working_dir";
  if (workDir !== undefined && !workDir.startsWith("/")) {
    report.refuse({ key, value: workDir, problem: "is no absolute path", remedy: "write it from the root of the container" });
  }
  return { workDir, makesWorkDir: ours === undefined && dockers !== undefined };
}
