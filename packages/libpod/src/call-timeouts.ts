/** How long each class of call may take until the client gives up on it: `timeout`. */
export interface CallTimeouts {
  /** Ping, info, inspect, list, exists, create, kill, and the exec calls up to their first byte. Default 60 s. */
  readonly quickMs: number;
  /** Start: OCI runtime, network set-up, volume mounts. Default 120 s. */
  readonly startMs: number;
  /** Added to the time that a stop gives the container to end by itself. Default 60 s. */
  readonly stopExtraMs: number;
  /** Removal of a container or an image, unmounting included. Default 120 s. */
  readonly removeMs: number;
}

/** The defaults for whatever `timeouts` leaves out. */
export function toCallTimeouts(timeouts: Partial<CallTimeouts> = {}): CallTimeouts {
  return {
    quickMs: timeouts.quickMs ?? 60_000,
    startMs: timeouts.startMs ?? 120_000,
    stopExtraMs: timeouts.stopExtraMs ?? 60_000,
    removeMs: timeouts.removeMs ?? 120_000,
  };
}
