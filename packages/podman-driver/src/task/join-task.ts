import type { ContainerInspect } from "@driver/libpod";
import { DriverError, type TaskConfig } from "@driver/nomad-plugin";
import { BackOff } from "../back-off.ts";
import type { JoinWaits } from "../join-waits.ts";
import { toContainerName } from "../topics/container-name.ts";
import type { Need } from "../topics/topic.ts";
import { describeOwner, isOfAllocation } from "./container-claim.ts";

/** A namespace of another task. */
export type TaskNamespaceNeed = Extract<Need, { readonly kind: "task-namespace" }>;

export interface JoinContext {
  readonly task: TaskConfig;
  readonly services: { readonly joinWaits: JoinWaits };
  /** How Podman sees a container by name or id; undefined: there is none. */
  look(container: string): Promise<ContainerInspect | undefined>;
  /** Tells the task's owner what happens. */
  emit(message: string): void;
}

/** The other task may have to pull its image first, which it may do for as long as this by default. */
const waitForMs = 5 * 60_000;
const pauses = { shortestMs: 100, longestMs: 2000 };

/** The containers of other tasks that a container joins, by their names: their ids, and what is wanted of them first. */
export type JoinedTasks = ReadonlyMap<string, { readonly id: string; readonly need: TaskNamespaceNeed }>;

/**
 * Waits for all tasks whose namespaces a plan needs, one after the other.
 * @throws DriverError as `findTaskContainer`
 */
export async function joinTasks(needs: readonly Need[], context: JoinContext, signal: AbortSignal): Promise<JoinedTasks> {
  const joined = new Map<string, { readonly id: string; readonly need: TaskNamespaceNeed }>();
  for (const need of needs) {
    if (need.kind !== "task-namespace" || joined.has(need.container)) continue;
    joined.set(need.container, { id: await findTaskContainer(need, context, signal), need });
  }
  return joined;
}

/** Looks at what is to be joined once more, right before the start. @throws DriverError recoverable: one has ended */
export async function checkAllJoined(joined: JoinedTasks, context: JoinContext): Promise<void> {
  for (const { id, need } of joined.values()) await checkJoined(need, id, context);
}

/**
 * Waits for another task of the allocation to run, and settles with the id of its container. Podman would start the container of a
 * task that has ended, behind Nomad's back, so such a one is waited for too.
 * @throws DriverError recoverable: it does not run in time, or the container of that name is not this allocation's; not recoverable: it
 * waits for this task in turn
 */
export async function findTaskContainer(
  need: TaskNamespaceNeed,
  context: JoinContext,
  signal: AbortSignal,
  forMs = waitForMs,
): Promise<string> {
  const { task, services: { joinWaits } } = context;
  const own = toContainerName(task.name, task.allocId);
  const deadlineMs = performance.now() + forMs;
  let isTold = false;
  using _ = joinWaits.begin(own, need.container);
  for (const backOff = new BackOff(pauses); ;) {
    const found = await context.look(need.container);
    if (found !== undefined) refuseForeign(need, found, task);
    if (found !== undefined && isUp(found)) return found.id;
    refuseCircle(need, joinWaits.findCircle(own), task);
    if (performance.now() + backOff.nextMs > deadlineMs) throw neverUp(need, found);
    if (!isTold) context.emit(`Waiting for task ${JSON.stringify(need.taskName)}, whose ${need.what} this task joins`);
    isTold = true;
    await backOff.pause(signal);
  }
}

/** Looks at a container that is to be joined once more, right before the start. @throws DriverError recoverable: it has ended */
export async function checkJoined(need: TaskNamespaceNeed, containerId: string, { look }: JoinContext): Promise<void> {
  const found = await look(containerId);
  if (found === undefined || !isUp(found)) throw neverUp(need, found);
}

function isUp({ state }: ContainerInspect): boolean {
  return state.status === "running" || state.status === "paused";
}

function refuseForeign({ key, taskName, container }: TaskNamespaceNeed, found: ContainerInspect, task: TaskConfig): void {
  if (isOfAllocation(found, task)) return;
  const problem = `the container ${container} is no task of this allocation, it is ${describeOwner(found)}`;
  const text = `config key ${key}: ${problem}; name a task of the same group`;
  throw new DriverError("failed", `task ${JSON.stringify(taskName)} cannot be joined: ${text}`, { recoverable: true });
}

/** None of them would ever start. The first that finds out is refused, and takes its allocation with it. */
function refuseCircle({ key, taskName }: TaskNamespaceNeed, circle: readonly string[] | undefined, { allocId }: TaskConfig): void {
  if (circle === undefined) return;
  const [first = "", ...others] = circle.map((container) => JSON.stringify(container.slice(0, -`-${allocId}`.length)));
  const way = [first, ...others, first].join(" waits for ");
  const problem = `config key ${key}: "task:${taskName}" cannot be joined, since these tasks wait for each other: ${way}`;
  throw new DriverError("config-invalid", `${problem}; have one of them start without another's namespaces`);
}

function neverUp({ key, taskName, container }: TaskNamespaceNeed, found: ContainerInspect | undefined): DriverError {
  const state = found === undefined ? `there is no container ${container}` : `its container ${container} is ${found.state.status}`;
  const problem = `config key ${key}: "task:${taskName}" names a task of this allocation that does not run: ${state}`;
  return new DriverError("failed", `${problem}; name a task of the same group that runs as long as this one`, { recoverable: true });
}
