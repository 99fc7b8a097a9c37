import type { Position } from "@driver/nomad-plugin";

import { RunError } from "../run-error.ts";
import type { AllocatedPort } from "./allocated-port.ts";
import { probePort } from "./probe-port.ts";

/** A port as the job file asks for it. */
export interface WantedPort {
  readonly label: string;
  readonly static?: number | undefined;
  readonly to?: number | undefined;
  /** One of the pool's networks; absent, empty or `default`: the address of all others. */
  readonly hostNetwork?: string | undefined;
  /** True: a fixed port may be another one's as well. */
  readonly ignoresCollision?: boolean | undefined;
  readonly position: Position;
}

export interface PortPool {
  readonly hostIp: string;
  /** Addresses of further host networks, by name. */
  readonly networks?: ReadonlyMap<string, string>;
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
  /** By address and port. */
  readonly #owners = new Map<string, string>();

  constructor(pool: PortPool) {
    this.#pool = { firstPort: 20_000, lastPort: 32_000, networks: new Map(), probe: probePort, random: Math.random, ...pool };
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
      hostIp: this.#addressOf(port),
    }));
  }

  #addressOf({ label, hostNetwork = "", position }: WantedPort): string {
    if (hostNetwork === "" || hostNetwork === "default") return this.#pool.hostIp;
    const address = this.#pool.networks.get(hostNetwork);
    if (address !== undefined) return address;
    const wanted = `-host-network ${hostNetwork}=CIDR`;
    const message = `port ${JSON.stringify(label)}: there is no host_network ${JSON.stringify(hostNetwork)}; give its range with ${wanted}`;
    throw new RunError("job-unsupported", message, { position });
  }

  async #claim(port: WantedPort, hostPort: number): Promise<number> {
    const { label, position, ignoresCollision } = port;
    const hostIp = this.#addressOf(port);
    const place = `${hostIp} ${hostPort}`;
    const owner = this.#owners.get(place);
    if (owner !== undefined && ignoresCollision === true) return hostPort;
    const reason =
      owner === undefined ? await this.#pool.probe(hostIp, hostPort) : `port ${JSON.stringify(owner)} of this job has it`;
    if (reason !== "free") {
      throw new RunError(
        "port-unavailable",
        `port ${JSON.stringify(label)}: ${hostPort} on ${hostIp} ${describeReason(reason)}`,
        { position },
      );
    }
    this.#owners.set(place, label);
    return hostPort;
  }

  /** Tries every port of the range once, from a random one upwards, so that runs beside each other rarely meet. */
  async #pick(port: WantedPort): Promise<number> {
    const { label, position } = port;
    const { firstPort, lastPort, probe, random } = this.#pool;
    const hostIp = this.#addressOf(port);
    const size = lastPort - firstPort + 1;
    const start = Math.floor(random() * size);
    for (let step = 0; step < size; step += 1) {
      const hostPort = firstPort + ((start + step) % size);
      const place = `${hostIp} ${hostPort}`;
      if (this.#owners.has(place) || (await probe(hostIp, hostPort)) !== "free") continue;
      this.#owners.set(place, label);
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
