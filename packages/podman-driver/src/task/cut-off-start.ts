import type { ContainerInspect } from "@driver/libpod";
import { DriverError } from "@driver/nomad-plugin";

/** A reboot makes a container that ran a "created" one with its old moment of start (podman 4.3). */
export function wasStarted(container: ContainerInspect | undefined): boolean {
  return container !== undefined && container.state.status !== "created" && container.state.startedAt !== undefined;
}

/**
 * Podman died between the start and the note of it, and the process has ended since: its clean-up puts the container back to
 * "created" and leaves the pid, and the exit code is gone (podman 4.3). Started again, it would run twice into one log.
 */
export function wasCutOff({ state }: ContainerInspect): boolean {
  return state.status === "created" && state.startedAt === undefined && state.pid > 0;
}

/** What that means for a start that finds such a container. */
export function cutOffError({ id }: ContainerInspect): DriverError {
  const text = `Podman was cut off as it started container ${id.slice(0, 12)}, which has ended since, and nobody knows its exit code`;
  return new DriverError("failed", text, { recoverable: true });
}
