import type { Position } from "@driver/nomad-plugin";

import { RunError } from "../run-error.ts";
import type { AllocatedPort } from "./allocated-port.ts";
import { probePort } from "./probe-port.ts";

/** A port as the job file asks for it. */
export interface WantedPort {
  readonly label: string;
  readonly static?: number | undefined;
  readonly to?: number | undefined;
  /** True: a fixed port may be another one's as well. */
  readonly ignoresCollision?: boolean | undefined;
  readonly position: Position;
}

export interface PortPool {
  readonly hostIp: string;
  /** Nomad's range for dynamic ports: 20000 to 32000. */
  readonly firstPort?: number;
  readonly lastPort?: number;
  readonly probe?: (hostIp: string, port: number) => Promise<string>;
  /** 0 ≤ value < 1. */
  readonly random?: () => number;
}

/** Gives out the ports of one allocation after another: static ones first, no host port twice. */
export class PortAllocator {
  readonly #pool: Required<PortPool>;
  readonly #owners = new Map<number, string>();

  constructor(pool: PortPool) {
    this.#pool = { firstPort: 20_000, lastPort: 32_000, probe: probePort, random: Math.random, ...pool };
  }

  /** Rejects with `port-unavailable`, naming label and port. Keeps the order of `wanted`. */
  async allocate(wanted: readonly WantedPort[]): Promise<readonly AllocatedPort[]> {
    const chosen = new Map<WantedPort, number>();
    for (const port of wanted) if (port.static !== undefined) chosen.set(port, await this.#claim(port, port.static));
    for (const port of wanted) if (port.static === undefined) chosen.set(port, await this.#pick(port));
    return wanted.map((port) => ({
      label: port.label,
      hostPort: chosen.get(port) ?? 0,
      // `to = -1` means: the same number inside as on the host.
      to: port.to === -1 ? (chosen.get(port) ?? 0) : (port.to ?? 0),
      hostIp: this.#pool.hostIp,
    }));
  }

  async #claim({ label, position, ignoresCollision }: WantedPort, hostPort: number): Promise<number> {
    const owner = this.#owners.get(hostPort);
    if (owner !== undefined && ignoresCollision === true) return hostPort;
    const reason =
      owner === undefined ? await this.#pool.probe(this.#pool.hostIp, hostPort) : `port ${JSON.stringify(owner)} of this job has it`;
    if (reason !== "free") {
      throw new RunError(
        "port-unavailable",
        `port ${JSON.stringify(label)}: ${hostPort} on ${this.#pool.hostIp} ${describeReason(reason)}`,
        { position },
      );
    }
    this.#owners.set(hostPort, label);
    return hostPort;
  }

  /** Tries every port of the range once, from a random one upwards, so that runs beside each other rarely meet. */
  async #pick({ label, position }: WantedPort): Promise<number> {
    const { firstPort, lastPort, hostIp, probe, random } = this.#pool;
    const size = lastPort - firstPort + 1;
    const start = Math.floor(random() * size);
    for (let step = 0; step < size; step += 1) {
      const hostPort = firstPort + ((start + step) % size);
      if (this.#owners.has(hostPort) || (await probe(hostIp, hostPort)) !== "free") continue;
      this.#owners.set(hostPort, label);
      return hostPort;
    }
    throw new RunError("port-unavailable", `port ${JSON.stringify(label)}: no port of ${firstPort}–${lastPort} is free on ${hostIp}`, {
      position,
    });
  }
}

function describeReason(reason: string): string {
  if (reason === "EADDRINUSE") return "is in use by another process";
  if (reason === "EACCES") return "may not be bound by this user";
  if (reason === "EADDRNOTAVAIL") return "cannot be bound: this machine does not have the address";
  return `is not free: ${reason}`;
}
