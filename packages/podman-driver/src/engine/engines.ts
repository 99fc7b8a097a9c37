import type { Logger } from "@driver/nomad-plugin";
import { findSocket, type PodmanSocket } from "../config/resolve-sockets.ts";
import { Engine } from "./engine.ts";

export interface EnginesConfig {
  readonly sockets: readonly PodmanSocket[];
  readonly callTimeoutMs: number;
  /** Whether systemd runs this host. Default true. */
  readonly hasSystemd?: boolean | undefined;
}

/** All Podman services of this client. */
export class Engines {
  readonly all: readonly Engine[];
  /** Settles with those of the next plugin config. */
  readonly replaced: Promise<Engines>;
  readonly #logger: Logger;
  readonly #replacement = Promise.withResolvers<Engines>();

  /** `former`: those of the config until now. The ones that stay the same are used on, with all that is known about them. */
  constructor(config: EnginesConfig, logger: Logger, former: readonly Engine[] = []) {
    this.#logger = logger;
    this.replaced = this.#replacement.promise;
    this.all = config.sockets.map((socket) => {
      const options = { ...socket, callTimeoutMs: config.callTimeoutMs, hasSystemd: config.hasSystemd };
      return former.find((engine) => engine.isLike(options)) ?? new Engine({ ...options, logger: logger.with({ socket: socket.path }) });
    });
  }

  /** The services of another config. Those that it does not have are retired: who uses one of them still can. */
  replaceBy(config: EnginesConfig): Engines {
    const next = new Engines(config, this.#logger, this.all);
    for (const engine of this.all) if (!next.all.includes(engine)) engine.retire();
    this.#replacement.resolve(next);
    return next;
  }

  /** The service that a task chooses by name. Throws a `DriverError` `config-invalid` that names those there are. */
  resolve(name: string): Engine {
    return findSocket(this.all, name);
  }

  close(): void {
    for (const engine of this.all) engine.close();
  }
}
