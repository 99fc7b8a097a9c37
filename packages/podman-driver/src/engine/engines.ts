import type { Logger } from "@driver/nomad-plugin";
import { findSocket, type PodmanSocket } from "../config/resolve-sockets.ts";
import { Engine } from "./engine.ts";

export interface EnginesConfig {
  readonly sockets: readonly PodmanSocket[];
  readonly callTimeoutMs: number;
  /** Whether systemd runs this host. Default true. */
  readonly hasSystemd?: boolean | undefined;
}

/** A Podman service as one plugin config names it. */
export interface NamedEngine {
  /** What tasks call it in `socket`. */
  readonly name: string;
  /** True for exactly one name: that of tasks that choose none. */
  readonly isDefault: boolean;
  readonly engine: Engine;
}

/** All Podman services of one plugin config. */
export class Engines {
  /** In the order of the config; two names may be of one service. */
  readonly named: readonly NamedEngine[];
  /** Each once. */
  readonly all: readonly Engine[];
  /** Settles with those of the next plugin config. */
  readonly replaced: Promise<Engines>;
  readonly #logger: Logger;
  readonly #replacement = Promise.withResolvers<Engines>();

  /** `former`: those of the config until now. The ones whose sockets it has are used on, with all that is known of them and goes on. */
  constructor({ sockets, callTimeoutMs, hasSystemd }: EnginesConfig, logger: Logger, former: readonly Engine[] = []) {
    this.#logger = logger;
    this.replaced = this.#replacement.promise;
    const all = [...former];
    this.named = sockets.map(({ name, isDefault, ...place }) => {
      const known = all.find((engine) => engine.isAt(place));
      const engine = known ?? new Engine({ ...place, callTimeoutMs, hasSystemd, logger: logger.with({ socket: place.path }) });
      if (known === undefined) all.push(engine);
      return { name, isDefault, engine };
    });
    this.all = all.filter((engine) => this.named.some((one) => one.engine === engine));
  }

  /** The services of another config. Those that it does not have are retired: who uses one of them still can. */
  replaceBy(config: EnginesConfig): Engines {
    const next = new Engines(config, this.#logger, this.all);
    for (const engine of this.all) {
      if (next.all.includes(engine)) engine.limitCalls(config.callTimeoutMs);
      else engine.retire();
    }
    this.#replacement.resolve(next);
    return next;
  }

  /** The service that a task chooses by name. Throws a `DriverError` `config-invalid` that names those there are. */
  resolve(name: string): NamedEngine {
    return findSocket(this.named, name);
  }

  close(): void {
    for (const engine of this.all) engine.close();
  }
}
