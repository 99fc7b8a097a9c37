import type { ContainerInspect } from "@driver/libpod";
import { DriverError, type TaskConfig } from "@driver/nomad-plugin";
import { BackOff } from "../back-off.ts";
import type { Need } from "../topics/topic.ts";
import { describeOwner, isOfAllocation } from "./container-claim.ts";

/** The network of another task. */
export type TaskNetworkNeed = Extract<Need, { readonly kind: "task-network" }>;

export interface JoinContext {
  readonly task: TaskConfig;
  /** How Podman sees a container by name or id; undefined: there is none. */
  look(container: string): Promise<ContainerInspect | undefined>;
  /** Tells the task's owner what happens. */
  emit(message: string): void;
}

/** The other task may have to pull its image first, which it may do for as long as this by default. */
const waitForMs = 5 * 60_000;
const pauses = { shortestMs: 100, longestMs: 2000 };

/**
 * Waits for another task of the allocation to run, and settles with the id of its container. Podman would start the container of a
 * task that has ended, behind Nomad's back, so such a one is waited for too.
 * @throws DriverError recoverable: it does not run in time, or the container of that name is not this allocation's
 */
export async function findTaskContainer(need: TaskNetworkNeed, context: JoinContext, signal: AbortSignal, forMs = waitForMs): Promise<string> {
  const deadlineMs = performance.now() + forMs;
  let isTold = false;
  for (const backOff = new BackOff(pauses); ; ) {
    const found = await context.look(need.container);
    if (found !== undefined) refuseForeign(need, found, context.task);
    if (found !== undefined && isUp(found)) return found.id;
    if (performance.now() + backOff.nextMs > deadlineMs) throw neverUp(need, found);
    if (!isTold) context.emit(`Waiting for task ${JSON.stringify(need.taskName)}, whose network this task joins`);
    isTold = true;
    await backOff.pause(signal);
  }
}

/** Looks at a container that is to be joined once more, right before the start. @throws DriverError recoverable: it has ended */
export async function checkJoined(need: TaskNetworkNeed, containerId: string, { look }: JoinContext): Promise<void> {
  const found = await look(containerId);
  if (found === undefined || !isUp(found)) throw neverUp(need, found);
}

function isUp({ state }: ContainerInspect): boolean {
  return state.status === "running" || state.status === "paused";
}

function refuseForeign({ taskName, container }: TaskNetworkNeed, found: ContainerInspect, task: TaskConfig): void {
  if (isOfAllocation(found, task)) return;
  const problem = `the container ${container} is no task of this allocation, it is ${describeOwner(found)}`;
  const text = `config key network_mode: ${problem}; name a task of the same group`;
  throw new DriverError("failed", `task ${JSON.stringify(taskName)} cannot be joined: ${text}`, { recoverable: true });
}

function neverUp({ taskName, container }: TaskNetworkNeed, found: ContainerInspect | undefined): DriverError {
  const state = found === undefined ? `there is no container ${container}` : `its container ${container} is ${found.state.status}`;
  const problem = `config key network_mode: "task:${taskName}" names a task of this allocation that does not run: ${state}`;
  return new DriverError("failed", `${problem}; name a task of the same group that runs as long as this one`, { recoverable: true });
}
