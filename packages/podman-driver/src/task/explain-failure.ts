import { LibpodError, type ContainerListEntry } from "@driver/libpod";
import { DriverError } from "@driver/nomad-plugin";
import type { Engine } from "../engine/engine.ts";
import { findPortHolder, isSameAddress, type HostPort, type PortHolder } from "../host/port-holder.ts";
import type { HostRoots } from "../host/proc-files.ts";
import type { ContainerPlan } from "../plan/container-plan.ts";
import { answersWithin } from "./answers-within.ts";

/** Where Podman has failed. */
export interface FailureSite {
  readonly engine: Pick<Engine, "client">;
  /** Undefined: the engine is on another host. */
  readonly roots: HostRoots | undefined;
  readonly signal: AbortSignal;
}

/** Nobody waits longer for what only makes an error clearer. */
const askForMs = 3000;

/** An error of Podman's, with what it means for the job's author behind Podman's own words. */
export async function explainFailure(error: unknown, { explain }: Pick<ContainerPlan, "explain">, site: FailureSite): Promise<unknown> {
  if (!(error instanceof DriverError) || !(error.cause instanceof LibpodError)) return error;
  const { podmanMessage = "", podmanCause = "" } = error.cause;
  const explanation = explain(`${podmanMessage} ${podmanCause}`);
  if (explanation === undefined) return error;
  const { text, takenPort } = explanation;
  const holder = takenPort === undefined ? undefined : await findHolder(takenPort, site);
  const who = holder === undefined ? "" : `: ${holder} has it`;
  return new DriverError(error.code, `${error.message}; ${text}${who}`, { recoverable: error.recoverable, cause: error.cause });
}

async function findHolder(port: HostPort, site: FailureSite): Promise<string | undefined> {
  const found = site.roots === undefined ? undefined : findPortHolder(site.roots, port);
  return nameHolder(found, () => tellContainer(port, site));
}

/**
 * Who has a port, in words. Podman's own process has a container's for a while after it has handed it on (podman 4.3), and is told where
 * no container is known to publish the port alone.
 * @param holder the process that has it; undefined: none is seen
 * @param askPublisher asked where the process does not say it
 */
export async function nameHolder(
  holder: PortHolder | undefined,
  askPublisher: () => Promise<string | undefined>,
): Promise<string | undefined> {
  if (holder?.container !== undefined) return `container ${holder.container}`;
  const process = holder === undefined ? undefined : `process ${holder.pid} (${holder.command})`;
  if (process !== undefined && holder?.command !== "podman") return process;
  return (await askPublisher()) ?? process;
}

/** For a container's port Podman 6 keeps a socket that is bound and does not listen, and such a one no table of the kernel shows. */
async function tellContainer(port: HostPort, { engine, signal }: FailureSite): Promise<string | undefined> {
  const listed = await answersWithin(askForMs, signal, (bounded) => engine.client.containers.list({ all: false }, bounded)).catch(() => []);
  const name = findPublisher(listed, port)?.names[0];
  return name === undefined ? undefined : `container ${name}`;
}

/** The one of these containers that has a port of the host. Those that have joined its network came later, and show it too. */
export function findPublisher(listed: readonly ContainerListEntry[], { protocol, host, port }: HostPort): ContainerListEntry | undefined {
  const publishers = listed.filter(({ ports }) =>
    ports.some((one) => {
      const isNumber = port >= one.hostPort && port < one.hostPort + Math.max(one.count, 1);
      return isNumber && one.protocol.split(",").includes(protocol) && isSameAddress(one.hostIp, host);
    }),
  );
  return publishers.toSorted((a, b) => (a.createdAt?.getTime() ?? 0) - (b.createdAt?.getTime() ?? 0))[0];
}
