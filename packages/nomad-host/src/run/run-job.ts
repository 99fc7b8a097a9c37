import { tmpdir } from "node:os";

import type { ConfigBody, TaskEvent } from "@driver/nomad-plugin";

import { messageOf } from "@driver/std";
import type { Job } from "../job/job.ts";
import { createAllocDir, removeTree } from "./alloc/alloc-dir.ts";
import { createRunFolder, findDeadRunFolders } from "./alloc/run-folder.ts";
import type { CheckConfig } from "./driver/check-configs.ts";
import { probePlugin } from "./driver/configure-driver.ts";
import { DriverSession } from "./driver/driver-session.ts";
import type { LaunchDriver } from "./driver/launched-driver.ts";
import { readNodeFacts } from "./env/node-facts.ts";
import type { NodeFacts } from "./env/node-facts.ts";
import { noHostSettings } from "./host-settings.ts";
import type { HostSettings } from "./host-settings.ts";
import { joinGroupNetworks } from "./group-network.ts";
import { cleanDeadRuns } from "./leftovers/clean-dead-runs.ts";
import { RunRecorder } from "./leftovers/run-recorder.ts";
import { runAllocation } from "./lifecycle/run-allocation.ts";
import { chooseExitCode } from "./lifecycle/task-outcome.ts";
import type { TaskOutcome } from "./lifecycle/task-outcome.ts";
import { planAllocations } from "./plan-allocations.ts";
import { resolveHostAddress } from "./ports/host-address.ts";
import { placeAllocations, prepareAllocations } from "./prepare-allocations.ts";
import type { PlacedAllocation } from "./prepare-allocations.ts";
import type { RunListener } from "./run-event.ts";
import { ServiceRegistry } from "./services/service-registry.ts";
import { VariableStore } from "./variables/variable-store.ts";
import { checkHostPaths } from "./volumes/check-host-paths.ts";

export interface RunJobOptions {
  readonly launch: LaunchDriver;
  /** The inside of the agent's `plugin … { config {} }` block. */
  readonly pluginConfig?: ConfigBody | undefined;
  /** True: the plugin is first launched twice for a moment, as a Nomad agent does. Costs two process starts. */
  readonly probe?: boolean;
  /** Looks at every task's config before any is started; what it finds is told with its place. */
  readonly checkConfig?: CheckConfig | undefined;
  /** What this machine has for jobs; default: nothing. */
  readonly host?: HostSettings | undefined;
  /** Nomad's variables for templates, which may change; default: none. */
  readonly variables?: VariableStore | undefined;
  /** True: what runs that were killed have left is ended and removed first. */
  readonly cleansDeadRuns?: boolean | undefined;
  /** Folder in which the run makes one of its own and removes it; default: the system's temporary one. */
  readonly parentPath?: string;
  /** Address from which ports are given; default: that of the default route's interface. */
  readonly hostIp?: string | undefined;
  /** Gives the jitter of restart delays, from 0 to below 1; default: Math.random. */
  readonly random?: (() => number) | undefined;
  readonly on: RunListener;
  /** Stops the job in order and removes everything. The message of its reason is shown. */
  readonly signal: AbortSignal;
  /** Kills what is left. */
  readonly killSignal: AbortSignal;
}

export interface RunResult {
  readonly exitCode: number;
  /** In the order in which the tasks ended. */
  readonly tasks: readonly TaskOutcome[];
}

/**
 * Runs a job on this machine, as a Nomad agent would run its allocations, and settles when all tasks have ended and
 * nothing of them is left. Rejects before any task started when the job cannot run here: `RunError`, or the driver
 * schema's error about a `config` block; both carry a position in the job file where there is one.
 */
export async function runJob(job: Job, options: RunJobOptions): Promise<RunResult> {
  const { on, signal, killSignal } = options;
  for (const { message, position } of job.notes) await on({ kind: "note", message: `line ${position.line}: ${message}` });
  const planned = planAllocations(job);
  const host = options.host ?? noHostSettings;
  await checkHostPaths(planned, host.volumes);
  const hostIp = options.hostIp ?? (await resolveHostAddress());
  const node = await readNodeFacts(hostIp);
  await using owned = new AsyncDisposableStack();
  const parentPath = options.parentPath ?? tmpdir();
  const deadRuns = await findDeadRunFolders(parentPath);
  if (options.cleansDeadRuns !== true) await noteDeadRuns(deadRuns, on);
  const rootPath = await createRunFolder(parentPath);
  owned.defer(() => removeRoot(rootPath, on));
  const placed = await placeAllocations(job, planned, { rootPath, hostIp, node, host });
  const recorder = new RunRecorder(rootPath, (message) => void on({ kind: "note", message }));
  const session = owned.use(await startSession({ allocations: placed, node, recorder }, options));
  if (options.cleansDeadRuns === true) await cleanDeadRuns(deadRuns, { session, on, signal });
  const { info, taskSchema, fingerprint } = session.facts;
  const { checkConfig } = options;
  const driver = { name: info.name, taskSchema, attributes: fingerprint.attributes, checkConfig };
  const variables = options.variables ?? new VariableStore(new Map());
  const prepared = await prepareAllocations(placed, driver, { node, hostIp, variables: variables.all() });
  for (const { allocation } of prepared) await openAllocation(allocation, { rootPath, on });
  const joined = await joinGroupNetworks(prepared, { session, on, signal }, owned);
  signal.throwIfAborted();
  const logCollection = session.facts.capabilities.disableLogCollection ? "files" : "fifo";
  const random = options.random ?? Math.random;
  const registry = new ServiceRegistry();
  const surroundings = { variables, session, logCollection, on, random, signal, killSignal } as const;
  const outcomes = await Promise.all(
    joined.map(({ allocation, tasks, services, checks, allocAddress }) =>
      runAllocation({ ...{ allocation, plan: allocation.plan, tasks, services, checks, allocAddress, registry }, ...surroundings }),
    ),
  );
  const tasks = outcomes.flat();
  return { exitCode: chooseExitCode(tasks, signal.aborted), tasks };
}

/** Their tasks may run on, with a plugin that nobody asks any more: what to do is the operator's decision. */
async function noteDeadRuns(dead: readonly string[], on: RunListener): Promise<void> {
  if (dead.length === 0) return;
  const message = `left behind by runs that were killed, perhaps with tasks that still run, and removed with -clean: ${dead.join(", ")}`;
  await on({ kind: "note", message });
}

interface SessionParts {
  readonly allocations: readonly PlacedAllocation[];
  readonly node: NodeFacts;
  readonly recorder: RunRecorder;
}

async function startSession({ allocations, node, recorder }: SessionParts, options: RunJobOptions): Promise<DriverSession> {
  const { launch, pluginConfig, probe, on, signal } = options;
  if (probe === true) await probePlugin(launch, { body: pluginConfig, signal });
  const tell = (event: Parameters<RunListener>[0]): void => void on(event);
  const session = await DriverSession.start(
    {
      launch,
      pluginConfig,
      node,
      recorder,
      onLog: (entry) => tell({ kind: "plugin-log", entry }),
      onTaskEvent: (event) => tellTaskEvent(event, allocations, on),
      onHealth: ({ health, healthDescription }) => tell({ kind: "note", message: `the driver is ${health}: ${healthDescription}` }),
      onNote: (message) => tell({ kind: "note", message }),
    },
    signal,
  );
  const { info, fingerprint } = session.facts;
  await on({ kind: "driver-ready", driver: info.name, version: info.version, description: fingerprint.healthDescription });
  return session;
}

function tellTaskEvent(event: TaskEvent, allocations: readonly PlacedAllocation[], on: RunListener): void {
  const allocation = allocations.find(({ id }) => id === event.allocId);
  // A driver tells of its tasks of other hosts as well.
  if (allocation === undefined) return;
  const name = { group: allocation.group.name, allocIndex: allocation.index, task: event.taskName };
  void on({ kind: "task-event", ...name, message: event.message, at: event.timestamp });
}

async function openAllocation(allocation: PlacedAllocation, run: { readonly rootPath: string; readonly on: RunListener }): Promise<void> {
  const { id, group, index, ports } = allocation;
  const { rootPath, on } = run;
  await createAllocDir(
    rootPath,
    id,
    group.tasks.map(({ name }) => name),
  );
  await on({ kind: "allocation", group: group.name, allocIndex: index, allocId: id, ports });
}

async function removeRoot(rootPath: string, on: RunListener): Promise<void> {
  try {
    await removeTree(rootPath);
  } catch (error) {
    await on({ kind: "note", message: `${rootPath} could not be removed: ${messageOf(error)}` });
  }
}
