import { performance } from "node:perf_hooks";

import type { Job, LaunchDriver } from "@driver/nomad-host";
import { loadJob, loadPluginConfig, runJob } from "@driver/nomad-host";
import { launchDriver } from "@driver/nomad-plugin";

import { parseRunArguments } from "../arguments/parse-run-arguments.ts";
import type { RunArguments } from "../arguments/parse-run-arguments.ts";
import { formatError } from "../presentation/format-error.ts";
import { createOutput } from "../presentation/output.ts";
import { RunPrinter } from "../presentation/run-printer.ts";
import { runHelp } from "./help.ts";
import { watchInterrupts } from "./interrupts.ts";
import type { Interrupts } from "./interrupts.ts";
import { ownExecutable } from "./own-executable.ts";
import { pluginName, withSocket } from "./plugin-config.ts";

/** `run FILE`: settles with the job's exit code; 1 when it could not run, 130 when it was interrupted. */
export async function runCommand(args: readonly string[]): Promise<number> {
  const wanted = parseRunArguments(args);
  if (wanted.isHelpWanted) {
    process.stdout.write(runHelp);
    return 0;
  }
  using interrupts = watchInterrupts();
  try {
    return await runFile(wanted, interrupts);
  } catch (error) {
    if (interrupts.stop.aborted && error === interrupts.stop.reason) return 130;
    process.stderr.write(`${await formatError(error, wanted)}\n`);
    return 1;
  }
}

async function runFile(wanted: RunArguments, interrupts: Interrupts): Promise<number> {
  const signal = interrupts.stop;
  const { jobPath, vars, varFiles, pluginConfigPath } = wanted;
  const job = await loadJob(jobPath, { vars, varFiles, env: process.env, signal });
  const agentConfig = pluginConfigPath === undefined ? undefined : await loadPluginConfig(pluginConfigPath, pluginName, signal);
  const printer = createPrinter(job, interrupts);
  const result = await runJob(job, {
    launch: launcher(wanted.pluginPath),
    pluginConfig: withSocket(agentConfig, wanted.socket),
    on: printer.print,
    signal,
    killSignal: interrupts.kill,
  });
  await printer.printSummary(job.id, result);
  return result.exitCode;
}

function launcher(pluginPath: string | undefined): LaunchDriver {
  const { command, args } = pluginPath === undefined ? ownExecutable() : { command: pluginPath, args: [] };
  return ({ onLog, signal }) => launchDriver({ command, args, onLog, signal });
}

function createPrinter(job: Job, interrupts: Interrupts): RunPrinter {
  const onGone = (): void => interrupts.interrupt("nobody reads the output any more");
  const allocations = job.groups.reduce((sum, { count }) => sum + count, 0);
  return new RunPrinter({
    stdout: createOutput(process.stdout, { env: process.env, onGone }),
    stderr: createOutput(process.stderr, { env: process.env }),
    taskNames: job.groups.flatMap(({ tasks }) => tasks.map(({ name }) => name)),
    hasSeveralAllocations: allocations > 1,
    now: () => performance.now(),
  });
}
