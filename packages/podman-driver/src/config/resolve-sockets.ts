import { oneSpelling } from "./one-spelling.ts";
import { parseSocketAddress } from "./parse-socket-address.ts";
import type { PluginOptions } from "./plugin-schema.ts";
import { toRefusal, type Report } from "./report.ts";

/** A Podman service that tasks can choose. */
export interface PodmanSocket {
  /** What tasks call it in `socket`. */
  readonly name: string;
  /** Absolute path. */
  readonly path: string;
  /** The user whose the socket must be; undefined: anybody's. */
  readonly ownerId?: number | undefined;
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

export interface HostUsers {
  /** The plugin's own. */
  readonly uid: number;
  /** The id of a user of this host; undefined: there is none of this name. */
  findUser(name: string): number | undefined;
}

/**
 * The Podman services of a plugin config; `endpoint` is Docker's word for `socket_path`. Without any, the service of the plugin's own
 * user. A block without a name is called `default`; of two blocks with one name the second is left out. Where none is called `default`,
 * the first block is the default.
 */
export function resolveSockets(
  options: Pick<PluginOptions, "socket" | "socket_path" | "endpoint">,
  users: HostUsers,
  report: Report,
): ResolvedSockets {
  const { socket: blocks, socket_path: own, endpoint: dockers } = options;
  const spellings = [
    { key: "socket_path", value: own },
    { key: "endpoint", value: dockers },
  ];
  const address = oneSpelling(spellings, report);
  if (blocks.length > 0) {
    if (address !== undefined) report.refuse({ ...address, problem: "and socket exclude each other", remedy: "remove one of them" });
    return resolveBlocks(blocks, users, report);
  }
  const path =
    address === undefined
      ? socketOfUser(users.uid)
      : report.attempt(address.key, "", () => parseSocketAddress(address.value, address.key));
  return { sockets: [{ name: defaultName, path, isDefault: true }], warnings: [] };
}

/**
 * The service that a task chooses by name; no name and `default` mean the default one.
 * @throws DriverError `config-invalid` that names the services there are
 */
export function findSocket<S extends Pick<PodmanSocket, "name" | "isDefault">>(sockets: readonly S[], name: string): S {
  const wanted = name === "" ? defaultName : name;
  const found =
    sockets.find((socket) => socket.name === wanted) ?? (wanted === defaultName ? sockets.find((socket) => socket.isDefault) : undefined);
  if (found !== undefined) return found;
  const known = sockets.map((socket) => socket.name).join(", ");
  throw toRefusal({ key: "socket", value: name, problem: "is no socket of this client's plugin config", remedy: `there are: ${known}` });
}

type SocketBlock = PluginOptions["socket"][number];

function resolveBlocks(blocks: readonly SocketBlock[], users: HostUsers, report: Report): ResolvedSockets {
  const named = blocks.map((block, index) => ({
    name: block.name === undefined || block.name === "" ? defaultName : block.name,
    ...resolvePlace(block, `socket[${index}]`, { users, report }),
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

/** @param key of the block, for messages */
function resolvePlace(
  { socket_path: address = "", host_user: user = "" }: SocketBlock,
  key: string,
  { users, report }: { readonly users: HostUsers; readonly report: Report },
): Pick<PodmanSocket, "path" | "ownerId"> {
  const pathKey = `${key}.socket_path`;
  const toPath = (): string => report.attempt(pathKey, "", () => parseSocketAddress(address, pathKey));
  if (user === "") return { path: toPath() };
  const ownerId = /^\d{1,10}$/.test(user) ? Number(user) : users.findUser(user);
  if (ownerId === undefined) {
    const problem = "is no user that /etc/passwd has";
    report.refuse({ key: `${key}.host_user`, value: user, problem, remedy: 'write the user\'s id, e.g. "1000"' });
    return { path: "" };
  }
  return { path: address === "" ? socketOfUser(ownerId) : toPath(), ownerId };
}

function socketOfUser(uid: number): string {
  return uid === 0 ? "/run/podman/podman.sock" : `/run/user/${uid}/podman/podman.sock`;
}
