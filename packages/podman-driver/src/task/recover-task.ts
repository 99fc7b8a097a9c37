import { LibpodError, type ContainerInspect } from "@driver/libpod";
import { DriverError, type TaskConfig, type TaskHandle as NomadTaskHandle } from "@driver/nomad-plugin";
import type { LogRoute } from "../config/log-route.ts";
import type { TaskSettings } from "../config/task-settings.ts";
import { toDriverError } from "../errors.ts";
import { findLastCollected } from "../logs/last-collected.ts";
import type { Engine } from "../engine/engine.ts";
import type { Engines } from "../engine/engines.ts";
import { isAlive, type ProcessIdentity } from "../host/proc-files.ts";
import type { HealthCheckTimes } from "../topics/health/health-topic.ts";
import { memoryLimitBytes } from "../topics/limits/memory.ts";
import { keepOf, type TaskOrigin } from "./task-container.ts";
import { TaskHandle } from "./task-handle.ts";
import { identifyInspected } from "./task-processes.ts";
import type { TaskSurroundings } from "./task-surroundings.ts";
import { decodeTaskState, type OwnState, type TaskState } from "./task-state.ts";

export interface RecoverRequest extends TaskSurroundings {
  readonly handle: NomadTaskHandle;
  readonly engines: Engines;
  /** True: a container that has stopped is started again, as far as this driver made it. */
  readonly restartsStopped: boolean;
  /** How the output of tasks is collected now; a task of ours keeps the way it was started with. */
  readonly settings: TaskSettings;
}

/**
 * Takes a task over from an earlier plugin, the Go driver's included. Rejects only when the container is certainly gone: Nomad
 * then destroys the task and starts it anew, beside whatever runs. So a process that Podman names and that cannot be proved to
 * be the container's is not believed, and the task is taken over all the same. While Podman does not answer, or the kernel has
 * the task's process though Podman has forgotten it, the task counts as running. Starting a stopped container again is not waited for.
 */
export async function recoverTask(request: RecoverRequest, signal: AbortSignal): Promise<TaskHandle> {
  const { handle, services, logger } = request;
  const state = decodeTaskState(handle.driverState);
  const engine = resolveEngine(request.engines, state);
  const proven = state.own === undefined || state.own.bootId !== services.bootId ? undefined : toProven(state.own);
  const observed = await look(engine, state.containerId, signal);
  const isForgotten = observed === "gone" && proven !== undefined && isAlive(services.roots, proven);
  if (observed === "gone" && !isForgotten) {
    throw new DriverError("task-not-found", `container ${state.containerId} of task ${handle.config.id} is gone`);
  }
  return new TaskHandle({
    subject: { task: keepOf(handle.config), engine, containerId: state.containerId },
    origin: toOrigin(request, { engine, state, observed, proven }),
    terms: {
      logRoute: toLogRoute(request, state),
      healthCheck: toHealthCheck(state.own),
      memoryLimitBytes: toMemoryLimit(handle.config, state.own),
    },
    surroundings: { services, logger, emit: request.emit },
  });
}

/** A state that does not tell is of a task that, as a rule, has the limit that Nomad asks for. */
function toMemoryLimit({ resources }: TaskConfig, own: OwnState | undefined): number | undefined {
  const limitBytes = own?.memoryLimitBytes ?? memoryLimitBytes(resources) ?? 0;
  return limitBytes > 0 ? limitBytes : undefined;
}

function toHealthCheck(own: OwnState | undefined): HealthCheckTimes | undefined {
  if (own?.healthEveryMs === undefined) return undefined;
  const everyMs = own.healthEveryMs > 0 ? own.healthEveryMs : undefined;
  return { everyMs, firstEveryMs: everyMs };
}

/**
 * A task keeps the way of its logs for life. The Go driver gave conmon the FIFO, which needs nobody, or read the journal: it keeps no
 * position, so it is gone on where the log files end.
 */
function toLogRoute({ handle, settings }: RecoverRequest, { own, logStreamer, startedAt }: TaskState): LogRoute {
  const { to } = settings.logRoute;
  if (own !== undefined) return { from: own.logs.from, to: { ...to, by: own.logs.by } };
  if (!logStreamer) return { from: { kind: "none" }, to: { ...to, by: "off" } };
  return { from: { kind: "journal", options: {}, since: findLastCollected(handle.config) ?? startedAt }, to };
}

interface Observation {
  readonly engine: Engine;
  readonly state: TaskState;
  readonly observed: ContainerInspect | "gone" | "no answer";
  readonly proven: ProcessIdentity | undefined;
}

/** A running container that Podman has forgotten is looked after by what the kernel knows. */
function toOrigin(request: RecoverRequest, { engine, state: { own, network, startedAt }, observed, proven }: Observation): TaskOrigin {
  const { services, restartsStopped } = request;
  const recovered = {
    startedAt,
    sameBoot: own === undefined || own.bootId === "" || own.bootId === services.bootId,
    // conmon of a container of the Go driver waits for a reader of Nomad's FIFO, and Podman waits for conmon.
    restarts: restartsStopped && own !== undefined ? { address: network?.ip } : undefined,
  };
  if (observed === "no answer" || observed === "gone") return { ...recovered, kind: "unseen", proven, stopSignal: own?.stopSignal };
  const processes = identifyInspected(services.roots, engine.socketPath, observed, proven);
  return { ...recovered, kind: "found", inspect: observed, processes };
}

/** The start noted only a process that was believed. */
function toProven({ containerPid: pid, containerStartTicks: startTicks }: OwnState): ProcessIdentity | undefined {
  return pid > 0 && startTicks !== "" ? { pid, startTicks } : undefined;
}

function resolveEngine(engines: Engines, state: TaskState): Engine {
  try {
    return engines.resolve(state.socketName ?? "").engine;
  } catch (cause) {
    throw new DriverError(
      "failed",
      `the task ran on the Podman socket "${state.socketName ?? "default"}", which is not in the agent's plugin config any more`,
      { cause },
    );
  }
}

async function look(
  engine: Engine,
  containerId: string,
  signal: AbortSignal,
): Promise<ContainerInspect | "gone" | "no answer"> {
  const { client, recoveryPatience, recoveries } = engine;
  const deadline = AbortSignal.timeout(recoveryPatience.lookMs);
  try {
    const observed = await client.containers.inspect(containerId, AbortSignal.any([signal, deadline]));
    recoveryPatience.note({ answered: true });
    recoveries.succeeded();
    return observed ?? "gone";
  } catch (error) {
    signal.throwIfAborted();
    recoveryPatience.note({ answered: !deadline.aborted });
    if (error instanceof LibpodError && error.code === "bad-request") {
      throw toDriverError(`look at container ${containerId.slice(0, 12)}`, error);
    }
    recoveries.failed(error);
    return "no answer";
  }
}
