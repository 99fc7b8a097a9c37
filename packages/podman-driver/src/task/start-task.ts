import { isIPv6 } from "node:net";
import type { ContainerInspect } from "@driver/libpod";
import type { DriverNetwork, StartedTask } from "@driver/nomad-plugin";
import type { TaskTerms } from "../plan/task-terms.ts";
import { planContainer } from "../plan/container-plan.ts";
import { missingAddresses, toDriverNetwork } from "../plan/observed-network.ts";
import type { WantedTask } from "../topics/topics.ts";
import { Rollback } from "./rollback.ts";
import { startContainer, type StartedContainer } from "./start-container.ts";
import { beginStart, type StartRequest } from "./start-request.ts";
import { keepOf, type TaskOrigin } from "./task-container.ts";
import { TaskHandle } from "./task-handle.ts";
import { identifyInspected } from "./task-processes.ts";
import { encodeTaskState, type NewTaskState } from "./task-state.ts";

/** Version of the handle that Nomad keeps; the Go driver's too. */
const handleVersion = 1;

export interface TaskStart {
  readonly task: TaskHandle;
  /** What Nomad keeps of it. */
  readonly answer: StartedTask;
}

/** Starts a task. A start that fails leaves nothing behind on the host. */
export async function startTask(request: StartRequest, signal: AbortSignal): Promise<TaskStart> {
  const { task: config, decoded: { wanted }, engine, services, logger, emit } = request;
  await using undo = new Rollback(logger);
  const start = await beginStart(request, signal);
  // The plan finds what is wrong for this engine before anything is pulled.
  const plan = planContainer(start);
  for (const notice of plan.notices) emit(notice);
  const started = await startContainer(start, plan, undo);
  const { terms } = plan;
  const { observed } = started;
  const network = toDriverNetwork(observed.network, wanted.network.portMap, wanted.network.advertised);
  for (const shortfall of findAddressShortfalls(observed, network, wanted.network)) emit(shortfall);
  const origin = toOrigin(started, request);
  const driverState = encodeTaskState(toState(request, { origin, terms, network }));
  signal.throwIfAborted();
  undo.keep();
  const subject = { task: keepOf(config), engine, containerId: observed.id };
  const task = new TaskHandle({ subject, origin, terms, surroundings: { services, logger, emit } });
  return { task, answer: { handle: { version: handleVersion, config, state: "running", driverState }, network } };
}

type StartedOrigin = Extract<TaskOrigin, { readonly kind: "started" }>;

function toOrigin({ observed: inspect, isTakenOver }: StartedContainer, { engine, services }: StartRequest): StartedOrigin {
  const processes = identifyInspected(services.roots, engine.socketPath, inspect, undefined);
  return { kind: "started", startedAt: inspect.state.startedAt ?? new Date(), inspect, processes, isTakenOver };
}

/** What a running task wanted of its addresses and has not got, in words. One that has ended has none any more. */
function findAddressShortfalls(
  { state, network: observed }: ContainerInspect,
  network: DriverNetwork | undefined,
  { advertised, endpoints }: Pick<WantedTask["network"], "advertised" | "endpoints">,
): readonly string[] {
  if (!state.running) return [];
  const asked = endpoints.flatMap(({ spec }) => spec.static_ips ?? []);
  const lacksIpv6 = advertised.prefersIpv6 && !isIPv6(network?.ip ?? "");
  const told = network?.ip ?? "no address of its own";
  return [
    ...missingAddresses(observed, asked).map(
      (address) => `Podman has not given the task the address ${address}: it gives one of each subnet`,
    ),
    ...(lacksIpv6 ? [`advertise_ipv6_address: the task has no IPv6 address, so Nomad is told ${told}`] : []),
  ];
}

interface StartedFacts {
  readonly origin: StartedOrigin;
  readonly terms: TaskTerms;
  readonly network: DriverNetwork | undefined;
}

function toState({ decoded, socketName, services }: StartRequest, { origin, terms, network }: StartedFacts): NewTaskState {
  const { startedAt, inspect: { id: containerId, config: { stopSignal } }, processes: { main } } = origin;
  const { logRoute: { from, to }, healthCheck, memoryLimitBytes = 0 } = terms;
  const own = {
    bootId: services.bootId,
    containerPid: main?.pid ?? 0,
    containerStartTicks: main?.startTicks ?? "",
    logs: { from, by: to.by },
    ...(stopSignal !== "" && { stopSignal }),
    ...(healthCheck !== undefined && { healthEveryMs: healthCheck.everyMs ?? 0 }),
    memoryLimitBytes,
  };
  return { containerId, startedAt, network, config: decoded.kept, socketName, own };
}
