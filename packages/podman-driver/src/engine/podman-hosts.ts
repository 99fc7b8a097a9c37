import type { Logger } from "@driver/nomad-plugin";
import { findSocket, type PodmanSocket } from "../config/resolve-sockets.ts";
import { PodmanHost } from "./podman-host.ts";

export interface HostsConfig {
  readonly sockets: readonly PodmanSocket[];
  readonly callTimeoutMs: number;
  /** Whether systemd runs this host. Default true. */
  readonly hasSystemd?: boolean | undefined;
}

/** All Podman services of this client. */
export class PodmanHosts {
  readonly all: readonly PodmanHost[];
  readonly #logger: Logger;

  /** `former`: those of the config until now. The ones that stay the same are used on, with all that is known about them. */
  constructor(config: HostsConfig, logger: Logger, former: readonly PodmanHost[] = []) {
    this.#logger = logger;
    this.all = config.sockets.map((socket) => {
      const options = { ...socket, callTimeoutMs: config.callTimeoutMs, hasSystemd: config.hasSystemd };
      return former.find((host) => host.isLike(options)) ?? new PodmanHost({ ...options, logger: logger.with({ socket: socket.path }) });
    });
  }

  /** The services of another config. Those that it does not have are retired: who uses one of them still can. */
  replaceBy(config: HostsConfig): PodmanHosts {
    const next = new PodmanHosts(config, this.#logger, this.all);
    for (const host of this.all) if (!next.all.includes(host)) host.retire();
    return next;
  }

  /** The service that a task chooses by name. Throws a `DriverError` `config-invalid` that names those there are. */
  resolve(name: string): PodmanHost {
    return findSocket(this.all, name);
  }

  close(): void {
    for (const host of this.all) host.close();
  }
}
