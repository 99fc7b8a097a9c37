import { LibpodError, type ContainerInspect, type PodInspect, type PodListEntry, type PodSpec } from "@driver/libpod";
import { DriverError, type CreatedNetwork, type Logger, type NetworkWish } from "@driver/nomad-plugin";
import { BackOff } from "../back-off.ts";
import type { Engine } from "../engine/engine.ts";
import type { NamedEngine } from "../engine/engines.ts";
import { inStep, isNoAnswer, isTransient, mayPassSoon } from "../errors.ts";
import { isInfraProcess } from "../host/infra-process.ts";
import { identifyProcess, type HostRoots } from "../host/proc-files.ts";
import { ownLabels } from "../topics/labels/labels-topic.ts";
import { toGroupHostname, toGroupPodName, toIsolation, type GroupPod } from "../topics/group-pod.ts";
import { toDriverNetwork } from "../plan/observed-network.ts";
import { publishPort } from "../topics/network/port-map.ts";
import { answersWithin } from "./answers-within.ts";
import { retryTransient } from "./retry-transient.ts";
import { Rollback } from "./rollback.ts";

export interface GroupPodWish extends NetworkWish {
  readonly allocId: string;
  /** Nomad's id of this node; empty while no task has told it. */
  readonly nodeId: string;
  /** Of this plugin's process. */
  readonly processMark: string;
}

export interface GroupPodContext extends Pick<NamedEngine, "name" | "engine"> {
  readonly roots: HostRoots;
  readonly logger: Logger;
  /** Sees to it that the operator's infra image is there, and gives its id. Undefined: he names none, and Podman has its own. */
  readonly meetInfraImage: ((signal: AbortSignal) => Promise<string | undefined>) | undefined;
}

/** What a pod is removed for: with kept containers in it, it loses its infra container's process alone. */
export interface PodRemoval {
  readonly keepsStopped: boolean;
}

/** As each step of a task's start. */
const retryForMs = 3000;
/** As for a task's container. */
const removeForMs = 10_000;
const silentForMs = 5000;

/** A pod that is to hold a group's network. */
interface HeldPod extends Pick<PodInspect, "id" | "name" | "hostname"> {
  /** Its infra container: by its id, or by the name that Podman gives it as long as nobody has looked. */
  readonly infra: string;
  readonly isRunning: boolean;
  /** False: somebody may have been told of it, and may use it. */
  readonly isNew: boolean;
}

/**
 * Gives an allocation its pod, whose infra container holds a network namespace: with nothing but loopback in it, or connected to
 * Podman's default network where the host asks for that. The one that is there already is used: as it is when it runs (`created`
 * false), and with a new namespace when it does not.
 * @throws DriverError when Podman refuses, or when nobody can tell that the process that Podman names is the infra container's
 */
export async function createGroupPod(wish: GroupPodWish, context: GroupPodContext, signal: AbortSignal): Promise<CreatedNetwork> {
  const { client: { containers } } = context.engine;
  const name = toGroupPodName(wish.allocId);
  const again = { forMs: retryForMs, when: mayPassSoon, signal };
  const step = <T>(text: string, work: () => Promise<T>): Promise<T> => inStep(text, retryTransient(work, again));
  await using undo = new Rollback(context.logger);
  let mayRemove = false;
  undo.onFailure(`remove pod ${name}`, (undoSignal) => removeUnused(wish.allocId, { ...context, mayRemove }, undoSignal));
  const pod = await findOrMakePod(wish, context, { step, signal });
  mayRemove = pod.isNew;
  const infra = await step(`start the infra container of pod ${name}`, () => startInfra(pod, context.engine, signal));
  const look = (): Promise<ContainerInspect | undefined> =>
    step(`look at the infra container of pod ${name}`, () => containers.inspect(infra, signal));
  const spec = toSpecOf(pod, await lookUntilTold(look, context.roots, signal), { ...context, isConnected: wish.connection !== undefined });
  undo.keep();
  return { spec, created: !pod.isRunning };
}

interface Steps {
  /** Tries it again as long as its failure may pass, and names it then. */
  step<T>(text: string, work: () => Promise<T>): Promise<T>;
  readonly signal: AbortSignal;
}

/** As a rule there is no pod, so one is created, and that of its name looked for when it is taken. */
async function findOrMakePod(
  wish: GroupPodWish,
  { engine: { client }, meetInfraImage }: GroupPodContext,
  { step, signal }: Steps,
): Promise<HeldPod> {
  const name = toGroupPodName(wish.allocId);
  const find = async (): Promise<HeldPod | undefined> => toHeld(refuseForeign(await client.pods.inspect(name, signal), wish.allocId));
  // No image is fetched for a pod that is there.
  const found = meetInfraImage === undefined ? undefined : await step(`look for pod ${name}`, find);
  if (found !== undefined) return found;
  const spec = toSpec(wish, await meetInfraImage?.(signal));
  return await step(`create pod ${name}`, async () => {
    try {
      const id = await client.pods.create(spec, signal);
      return { id, name, hostname: spec.hostname ?? "", infra: `${id.slice(0, 12)}-infra`, isRunning: false, isNew: true };
    } catch (error) {
      signal.throwIfAborted();
      // A try whose answer was lost may have made it.
      const taken = error instanceof LibpodError && error.code === "conflict" ? await find() : undefined;
      if (taken === undefined) throw error;
      return taken;
    }
  });
}

function toHeld(pod: PodInspect | undefined): HeldPod | undefined {
  if (pod === undefined) return undefined;
  const { id, name, hostname, infraId, members } = pod;
  const isRunning = members.some((member) => member.id === infraId && member.status === "running");
  return { id, name, hostname, infra: infraId, isRunning, isNew: isUnstarted(pod) };
}

/** Nobody was told of a pod whose infra container has never run. */
function isUnstarted({ infraId, members }: Pick<PodInspect, "infraId" | "members">): boolean {
  return members.every(({ id, status }) => id === infraId && status === "created");
}

/** Settles with what its infra container is known by. */
async function startInfra({ id, name, infra }: HeldPod, engine: Engine, signal: AbortSignal): Promise<string> {
  try {
    await engine.startContainer(infra, signal);
    return infra;
  } catch (error) {
    if (!(error instanceof LibpodError) || error.code !== "not-found") throw error;
    const pod = await engine.client.pods.inspect(id, signal);
    if (pod === undefined) throw new DriverError("failed", `pod ${name} vanished as soon as it was created`, { recoverable: true });
    if (pod.infraId === infra) throw error;
    await engine.startContainer(pod.infraId, signal);
    return pod.infraId;
  }
}

/** Podman names the process of a container that has just ended until conmon has told it of the end. */
async function lookUntilTold(
  look: () => Promise<ContainerInspect | undefined>,
  roots: HostRoots,
  signal: AbortSignal,
): Promise<ContainerInspect | undefined> {
  const deadlineMs = performance.now() + retryForMs;
  for (const backOff = new BackOff({ shortestMs: 20, longestMs: 500 }); ; await backOff.pause(signal)) {
    const infra = await look();
    const { pid = 0 } = infra?.state ?? {};
    if (pid === 0 || identifyProcess(roots, pid) !== undefined || performance.now() > deadlineMs) return infra;
  }
}

/** What Nomad is told. A host that leaves the connection to this driver has no other way to know the network's address. */
function toSpecOf(
  { id: podId, name, hostname }: HeldPod,
  infra: ContainerInspect | undefined,
  { name: socketName, engine, roots, isConnected }: Pick<GroupPodContext, "name" | "engine" | "roots"> & { readonly isConnected: boolean },
): CreatedNetwork["spec"] {
  const { id: infraId = "", state: { pid: infraPid = 0, exitCode = 0 } = {} } = infra ?? {};
  if (infraPid === 0) {
    const text = `the infra container of pod ${name} has ended as soon as it was started, with exit code ${exitCode}`;
    throw new DriverError("failed", `${text}; infra_image must name an image that runs by itself`, { recoverable: true });
  }
  if (!isInfraProcess(roots, { socketPath: engine.socketPath, infraId, infraPid })) {
    const problem = "cannot be told to be that container's by its cgroup or its conmon on this host";
    throw new DriverError("unsupported", `process ${infraPid}, which Podman names as the infra container of pod ${name}, ${problem}`);
  }
  const spec = toIsolation({ podId, infraId, infraPid, hostname, socketName });
  const address = infra === undefined ? undefined : toDriverNetwork(infra.network, {})?.ip;
  return isConnected && address !== undefined ? { ...spec, hosts: { hostname, address } } : spec;
}

/**
 * Its members are outside its cgroup and share no more than network and host name: a task of a group is what it is without a pod.
 */
function toSpec({ allocId, hostname, nodeId, processMark, connection }: GroupPodWish, infraImage: string | undefined): PodSpec {
  const maker = nodeId === "" ? { [ownLabels.plugin]: processMark } : { [ownLabels.nodeId]: nodeId };
  return {
    name: toGroupPodName(allocId),
    hostname: hostname === "" ? toGroupHostname(allocId) : hostname,
    ...(infraImage !== undefined && { infra_image: infraImage }),
    ...(connection === undefined || connection.isLoopbackOnly === true
      ? { netns: { nsmode: "none" } }
      : { netns: { nsmode: "bridge" }, portmappings: connection.ports.flatMap(publishPort) }),
    shared_namespaces: ["net", "uts"],
    share_parent: false,
    labels: { [ownLabels.group]: "true", [ownLabels.allocId]: allocId, ...maker },
  };
}

function refuseForeign(pod: PodInspect | undefined, allocId: string): PodInspect | undefined {
  if (pod === undefined || isGroupPodOf(pod, allocId)) return pod;
  throw new DriverError("failed", `the pod name ${pod.name} is taken by a pod that this driver has not made: remove or rename it`, {
    recoverable: true,
  });
}

function isGroupPodOf({ labels }: PodInspect, allocId: string): boolean {
  return labels[ownLabels.group] !== undefined && labels[ownLabels.allocId] === allocId;
}

/** What a Podman that does not answer makes later has the dangling reaper. `mayRemove` false: a pod that has run is another call's. */
async function removeUnused(
  allocId: string,
  { engine, mayRemove }: Pick<GroupPodContext, "engine"> & { readonly mayRemove: boolean },
  signal: AbortSignal,
): Promise<void> {
  const { pods } = engine.client;
  const name = toGroupPodName(allocId);
  const remove = async (bounded: AbortSignal): Promise<void> => {
    const pod = mayRemove ? undefined : await pods.inspect(name, bounded);
    const isUnused = mayRemove || (pod !== undefined && isGroupPodOf(pod, allocId) && isUnstarted(pod));
    if (isUnused) await pods.remove(name, bounded);
  };
  await answersWithin(silentForMs, signal, (bounded) => retryTransient(() => remove(bounded), { forMs: silentForMs, signal: bounded }));
}

/**
 * `socketPath`: of the engine that has the pod; undefined: it is not the task's.
 * @throws DriverError recoverable: the group's network is gone
 */
export function checkGroupNetwork(pod: GroupPod, socketPath: string | undefined, roots: HostRoots): void {
  if (isInfraProcess(roots, { ...pod, socketPath })) return;
  const text = `the infra container ${pod.infraId.slice(0, 12)} of the group's pod has ended, and the group's network with it`;
  throw new DriverError("failed", `${text}; Nomad makes another one for the next allocation`, { recoverable: true });
}

/** The pod of an allocation; undefined: there is none. */
export async function findGroupPod(engine: Engine, allocId: string, signal: AbortSignal): Promise<PodInspect | undefined> {
  const name = toGroupPodName(allocId);
  const look = (bounded: AbortSignal): Promise<PodInspect | undefined> =>
    retryTransient(() => engine.client.pods.inspect(name, bounded), { forMs: retryForMs, when: mayPassSoon, signal: bounded });
  const found = await inStep(`look for pod ${name}`, answersWithin(silentForMs, signal, look));
  return found !== undefined && isGroupPodOf(found, allocId) ? found : undefined;
}

/**
 * Removes a pod with all that is in it. Rejects when Podman does not let it go, and when it does not answer (`isNoAnswer`), each after
 * as long as with a task's container.
 */
export async function removeGroupPod(
  engine: Engine,
  { id, infraId, members }: Pick<PodListEntry, "id" | "infraId" | "members">,
  { keepsStopped }: PodRemoval,
  signal: AbortSignal,
): Promise<void> {
  const { pods, containers } = engine.client;
  const isKept = keepsStopped && members.some((member) => member.id !== infraId);
  const silentAtMs = performance.now() + silentForMs;
  const work = (bounded: AbortSignal): Promise<unknown> =>
    isKept ? containers.stop(infraId, { timeoutSeconds: 0 }, bounded) : pods.remove(id, bounded);
  const when = (error: unknown): boolean => (isNoAnswer(error) ? performance.now() < silentAtMs : isTransient(error));
  const removal = retryTransient(() => answersWithin(silentForMs, signal, work), { forMs: removeForMs, when, signal });
  await inStep(`remove pod ${id.slice(0, 12)}`, removal);
}
