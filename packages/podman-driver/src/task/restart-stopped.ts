import type { ContainerInspect } from "@driver/libpod";
import { DriverError, type Logger } from "@driver/nomad-plugin";
import { inStep, mayPassSoon } from "../errors.ts";
import type { Engine } from "../engine/engine.ts";
import { addressesOf } from "../plan/observed-network.ts";
import { retryTransient } from "./retry-transient.ts";

export interface RestartRequest {
  readonly engine: Engine;
  readonly containerId: string;
  /** The address that Nomad knows the task by; undefined where it has none of its own. */
  readonly address: string | undefined;
  readonly logger: Logger;
  /** Lets a try that is under way come to its end, and is followed by none. */
  readonly noMoreTries: AbortSignal;
}

/** After a reboot Podman and its networks may take a while to be up. */
const restartForMs = 30_000;

/**
 * Starts a stopped container again (`recover_stopped`) and answers what Podman then says of it. Rejects with a
 * `DriverError` when that fails, also when the container came up with another address: Nomad goes on to announce the one
 * that it knows, so the task must be started anew.
 */
export async function restartStopped(request: RestartRequest, signal: AbortSignal): Promise<ContainerInspect> {
  const { containerId, engine, logger } = request;
  const { containers } = engine.client;
  logger.info("recover_stopped: the task's stopped container is started again", { container: containerId });
  const patience = AbortSignal.any([signal, request.noMoreTries]);
  const again = { forMs: restartForMs, when: mayPassSoon, signal: patience };
  await inStep(
    "recover_stopped: start the container again",
    retryTransient(() => engine.startContainer(containerId, signal), again),
  );
  const look = retryTransient(() => containers.inspect(containerId, signal), again);
  const observed = await inStep("recover_stopped: look at the container", look);
  if (observed === undefined) throw new DriverError("failed", "recover_stopped: the container vanished as soon as it was started");
  const addresses = addressesOf(observed.network);
  // A container that has ended again has no address any more.
  const isKnown = request.address === undefined ? addresses.length === 0 : addresses.includes(request.address);
  if (!observed.state.running || isKnown) return observed;
  await inStep("recover_stopped: kill the container", containers.kill(containerId, "KILL", signal));
  throw new DriverError(
    "failed",
    `recover_stopped: the container came up with the address ${addresses[0] ?? "none"}, but Nomad knows the task by ` +
      (request.address ?? "none"),
  );
}
