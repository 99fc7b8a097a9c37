import { DriverError } from "@driver/nomad-plugin";
import { parseSocketAddress } from "./parse-socket-address.ts";
import type { PluginOptions } from "./plugin-schema.ts";

/** A Podman service that tasks can choose. */
export interface PodmanSocket {
  /** What tasks call it in `socket`. */
  readonly name: string;
  /** Absolute path. */
  readonly path: string;
  /** True for exactly one: that of tasks that choose none. */
  readonly isDefault: boolean;
}

export interface ResolvedSockets {
  /** At least one, in the order of the config. */
  readonly sockets: readonly PodmanSocket[];
  /** Blocks that were left out, in words for the log. */
  readonly warnings: readonly string[];
}

const defaultName = "default";

/**
 * The Podman services of a plugin config. Without any, the service of the plugin's own user. A block without a name is
 * called `default`; of two blocks with one name the second is left out. Where none is called `default`, the first block
 * is the default.
 * @throws DriverError `config-invalid`: `socket` and `socket_path` together, or a wrong address
 */
export function resolveSockets(options: Pick<PluginOptions, "socket" | "socket_path">, uid: number): ResolvedSockets {
  const address = options.socket_path ?? "";
  if (options.socket.length > 0) {
    if (address !== "") throw new DriverError("config-invalid", "config keys socket and socket_path exclude each other: remove one");
    return resolveBlocks(options.socket);
  }
  const path = address === "" ? socketOfUser(uid) : parseSocketAddress(address, "socket_path");
  return { sockets: [{ name: defaultName, path, isDefault: true }], warnings: [] };
}

/**
 * The service that a task chooses by name; no name and `default` mean the default one.
 * @throws DriverError `config-invalid` that names the services there are
 */
export function findSocket<S extends Pick<PodmanSocket, "name" | "isDefault">>(sockets: readonly S[], name: string): S {
  const wanted = name === "" ? defaultName : name;
  const found = sockets.find((socket) => socket.name === wanted) ?? (wanted === defaultName ? sockets.find((socket) => socket.isDefault) : undefined);
  if (found !== undefined) return found;
  const known = sockets.map((socket) => socket.name).join(", ");
  throw new DriverError("config-invalid", `config key socket: ${JSON.stringify(name)} is no socket of this client's plugin config; there are: ${known}`);
}

function resolveBlocks(blocks: PluginOptions["socket"]): ResolvedSockets {
  const named = blocks.map((block, index) => ({
    name: block.name === undefined || block.name === "" ? defaultName : block.name,
    path: parseSocketAddress(block.socket_path, `socket[${index}].socket_path`),
  }));
  const isFirst = (name: string, index: number): boolean => named.findIndex((other) => other.name === name) === index;
  const kept = named.filter(({ name }, index) => isFirst(name, index));
  const dropped = named.filter(({ name }, index) => !isFirst(name, index));
  const chosen = kept.find(({ name }) => name === defaultName) ?? kept[0];
  return {
    sockets: kept.map((socket) => ({ ...socket, isDefault: socket === chosen })),
    warnings: dropped.map(({ name, path }) => `socket ${JSON.stringify(name)} at ${path} is ignored: an earlier block has the same name`),
  };
}

function socketOfUser(uid: number): string {
  return uid === 0 ? "/run/podman/podman.sock" : `/run/user/${uid}/podman/podman.sock`;
}
