import { checkTaskConfig } from "@driver/podman-driver";
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { performance } from "node:perf_hooks";

import type { Dispatch, HostSettings, Job, LaunchDriver, RunListener } from "@driver/nomad-host";
import { launchJob, loadJob, loadPluginConfig } from "@driver/nomad-host";
import { launchDriver } from "@driver/nomad-plugin";

import { parseRunArguments } from "../arguments/parse-run-arguments.ts";
import type { RunArguments } from "../arguments/parse-run-arguments.ts";
import { formatError, locateErrors } from "../presentation/format-error.ts";
import { JsonPrinter } from "../presentation/json-printer.ts";
import { LivePulls, toTerminal } from "../presentation/live-pulls.ts";
import { createOutput } from "../presentation/output.ts";
import { RunPrinter } from "../presentation/run-printer.ts";
import { UsageError } from "../usage-error.ts";
import { runHelp } from "./help.ts";
import { watchInterrupts } from "./interrupts.ts";
import type { Interrupts } from "./interrupts.ts";
import { NomadVariableFiles } from "./nomad-variable-files.ts";
import { ownExecutable } from "./own-executable.ts";
import { pluginName, refuseOwnBlock, withSocket } from "./plugin-config.ts";

const defaultKillTimeoutMs = 5_000;
const secondInterruptNote = { kind: "note", message: "the tasks are given time to stop; a second Ctrl-C kills them at once" } as const;

/** `run FILE`: settles with the job's exit code; 1 when it could not run, 130 when it was interrupted. */
export async function runCommand(args: readonly string[]): Promise<number> {
  const wanted = parseRunArguments(args);
  if (wanted.isHelpWanted) {
    process.stdout.write(runHelp);
    return 0;
  }
  using interrupts = watchInterrupts();
  const json = wanted.isJsonWanted ? createJsonPrinter(interrupts) : undefined;
  const exitCode = await runOrExplain(wanted, interrupts, json);
  await json?.printDone(exitCode);
  return exitCode;
}

/** What cannot run is explained on stderr, and to programs on stdout as well. */
async function runOrExplain(wanted: RunArguments, interrupts: Interrupts, json: JsonPrinter | undefined): Promise<number> {
  try {
    const job = await loadWantedJob(wanted, interrupts.stop);
    if (json !== undefined) return (await runWanted(job, { wanted, interrupts, on: json.print })).exitCode;
    using live = new LivePulls(toTerminal(process.stderr, process.env));
    const printer = createPrinter(job, interrupts, live);
    if (isSlowToStop(job)) interrupts.stop.addEventListener("abort", () => void printer.print(secondInterruptNote), { once: true });
    const result = await runWanted(job, { wanted, interrupts, on: live.watch(printer.print) });
    await printer.printSummary(job.id, result);
    return result.exitCode;
  } catch (error) {
    if (interrupts.stop.aborted && error === interrupts.stop.reason) return 130;
    for (const located of locateErrors(error, wanted)) await json?.printError(located);
    process.stderr.write(`${await formatError(error, wanted)}\n`);
    return 1;
  }
}

async function loadWantedJob({ jobPath, vars, varFiles }: RunArguments, signal: AbortSignal): Promise<Job> {
  return loadJob(jobPath, { vars, varFiles, env: process.env, signal });
}

async function runWanted(
  job: Job,
  run: { readonly wanted: RunArguments; readonly interrupts: Interrupts; readonly on: RunListener },
): ReturnType<typeof launchJob> {
  const { wanted, interrupts, on } = run;
  const { pluginConfigPath, pluginPath, socket } = wanted;
  const signal = interrupts.stop;
  const agentConfig = pluginConfigPath === undefined ? undefined : await loadPluginConfig(pluginConfigPath, pluginName, signal);
  // Another plugin may take what this one refuses.
  if (pluginPath === undefined) refuseOwnBlock(agentConfig);
  using variables = await NomadVariableFiles.open(wanted.nomadVars, (message) => void on({ kind: "note", message }));
  return await launchJob(job, {
    dispatch: await readDispatch(wanted),
    isLaunchedNow: wanted.isLaunchedNow,
    cleansDeadRuns: wanted.isCleaningWanted,
    launch: launcher(pluginPath),
    checkConfig: pluginPath === undefined ? checkTaskConfig : undefined,
    pluginConfig: withSocket(agentConfig, socket),
    host: toHostSettings(wanted),
    variables: variables.store,
    on,
    signal,
    killSignal: interrupts.kill,
  });
}

async function readDispatch({ payloadPath, meta }: RunArguments): Promise<Dispatch> {
  try {
    return { payload: payloadPath === undefined ? undefined : await readFile(payloadPath), meta };
  } catch (error) {
    throw new UsageError(`run: -payload ${JSON.stringify(payloadPath)} cannot be read: ${String(error)}`, { cause: error });
  }
}

function toHostSettings({ hostVolumes, hostNetworks }: RunArguments): HostSettings {
  return {
    volumes: new Map(Object.entries(hostVolumes).map(([name, path]) => [name, resolve(path)])),
    networks: new Map(Object.entries(hostNetworks)),
  };
}

function launcher(pluginPath: string | undefined): LaunchDriver {
  const { command, args } = pluginPath === undefined ? ownExecutable() : { command: pluginPath, args: [] };
  return ({ onLog, signal }) => launchDriver({ command, args, onLog, signal });
}

/** Whether a person may wait longer for the tasks to stop than Nomad's default `kill_timeout`. */
function isSlowToStop({ groups }: Job): boolean {
  return groups.some((group) =>
    group.tasks.some((task) => group.shutdownDelayMs + task.shutdownDelayMs + task.killTimeoutMs > defaultKillTimeoutMs),
  );
}

function createPrinter(job: Job, interrupts: Interrupts, live: LivePulls): RunPrinter {
  const allocations = job.groups.reduce((sum, { count }) => sum + count, 0);
  return new RunPrinter({
    stdout: live.above(createOutput(process.stdout, { env: process.env, onGone: () => interruptForReader(interrupts) })),
    stderr: live.above(createOutput(process.stderr, { env: process.env })),
    taskNames: job.groups.flatMap(({ tasks }) => tasks.map(({ name }) => name)),
    hasSeveralAllocations: allocations > 1,
    now: () => performance.now(),
  });
}

function createJsonPrinter(interrupts: Interrupts): JsonPrinter {
  const output = createOutput(process.stdout, { env: process.env, onGone: () => interruptForReader(interrupts) });
  return new JsonPrinter(output, () => new Date());
}

function interruptForReader(interrupts: Interrupts): void {
  interrupts.interrupt("nobody reads the output any more");
}
