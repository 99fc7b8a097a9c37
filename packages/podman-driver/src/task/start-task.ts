import { isIPv6 } from "node:net";
import type { ContainerInspect } from "@driver/libpod";
import type { DriverNetwork, StartedTask } from "@driver/nomad-plugin";
import type { ContainerProcesses } from "../host/container-processes.ts";
import { missingAddresses, toDriverNetwork } from "../plan/observed-network.ts";
import { toHealthCheckTimes, type HealthCheckTimes } from "../topics/health.ts";
import type { WantedTask } from "../topics/topics.ts";
import { Rollback } from "./rollback.ts";
import { startContainer } from "./start-container.ts";
import type { StartRequest } from "./start-request.ts";
import { TaskHandle } from "./task-handle.ts";
import { identifyInspected } from "./task-processes.ts";
import { encodeTaskState, type OwnState } from "./task-state.ts";

/** Version of the handle that Nomad keeps; the Go driver's too. */
const handleVersion = 1;

export interface TaskStart {
  readonly task: TaskHandle;
  /** What Nomad keeps of it. */
  readonly answer: StartedTask;
}

/** Starts a task. A start that fails leaves nothing behind on the host. */
export async function startTask(request: StartRequest, signal: AbortSignal): Promise<TaskStart> {
  const { task: config, decoded: { wanted, kept }, engine, socketName, services, logger } = request;
  await using undo = new Rollback(logger);
  const { observed, isTakenOver } = await startContainer(request, undo, signal);
  const startedAt = observed.state.startedAt ?? new Date();
  const network = toDriverNetwork(observed.network, wanted.network.portMap, wanted.network.advertised);
  for (const shortfall of findAddressShortfalls(observed, network, wanted.network)) request.emit(shortfall);
  const processes = identifyInspected(services.roots, engine.socketPath, observed, undefined);
  const healthCheck = toHealthCheckTimes(wanted.health, await engine.facts(signal));
  const own = toOwnState(request, { processes, stopSignal: observed.config.stopSignal, healthCheck });
  const driverState = encodeTaskState({ containerId: observed.id, startedAt, network, config: kept, socketName, own });
  signal.throwIfAborted();
  undo.keep();
  const task = new TaskHandle({
    task: config,
    containerId: observed.id,
    engine,
    startedAt,
    origin: { kind: "started", inspect: observed, processes, isTakenOver },
    logRoute: wanted.logging,
    healthCheck,
    services,
    logger,
    emit: request.emit,
  });
  return { task, answer: { handle: { version: handleVersion, config, state: "running", driverState }, network } };
}

/** What a running task wanted of its addresses and has not got, in words. One that has ended has none any more. */
function findAddressShortfalls(
  { state, network: observed }: ContainerInspect,
  network: DriverNetwork | undefined,
  { advertised, endpoints }: Pick<WantedTask["network"], "advertised" | "endpoints">,
): readonly string[] {
  if (!state.running) return [];
  const asked = endpoints.flatMap(({ spec }) => spec.static_ips ?? []);
  const told = network !== undefined && advertised.prefersIpv6 && !isIPv6(network.ip);
  return [
    ...missingAddresses(observed, asked).map(
      (address) => `Podman has not given the task the address ${address}: it gives one of each subnet`,
    ),
    ...(told ? [`advertise_ipv6_address: the task has no IPv6 address, so Nomad is told ${network.ip}`] : []),
  ];
}

interface StartedFacts {
  readonly processes: ContainerProcesses;
  readonly stopSignal: string;
  readonly healthCheck: HealthCheckTimes | undefined;
}

function toOwnState(request: StartRequest, { processes, stopSignal, healthCheck }: StartedFacts): OwnState {
  const { main } = processes;
  const { from, to } = request.decoded.wanted.logging;
  return {
    bootId: request.services.bootId,
    containerPid: main?.pid ?? 0,
    containerStartTicks: main?.startTicks ?? "",
    logs: { from, by: to.by },
    ...(stopSignal !== "" && { stopSignal }),
    ...(healthCheck !== undefined && { healthEveryMs: healthCheck.everyMs ?? 0 }),
  };
}
