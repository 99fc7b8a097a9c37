import { findSocket, type PodmanSocket } from "../config/resolve-sockets.ts";
import { PodmanHost } from "./podman-host.ts";

/** All Podman services of this client. */
export class PodmanHosts {
  readonly all: readonly PodmanHost[];

  constructor(config: { readonly sockets: readonly PodmanSocket[]; readonly callTimeoutMs: number }) {
    this.all = config.sockets.map((socket) => new PodmanHost({ ...socket, callTimeoutMs: config.callTimeoutMs }));
  }

  /** The service that a task chooses by name. Throws a `DriverError` `config-invalid` that names those there are. */
  resolve(name: string): PodmanHost {
    return findSocket(this.all, name);
  }

  close(): void {
    for (const host of this.all) host.close();
  }
}
