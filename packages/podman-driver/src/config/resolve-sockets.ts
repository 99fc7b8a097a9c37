import { isAbsolute } from "node:path";
import { describePlace, type RemotePlace, type TlsFiles } from "@driver/libpod";
import { asksForSomething } from "@driver/nomad-plugin";
import { oneSpelling } from "./one-spelling.ts";
import { parseSocketAddress } from "./parse-socket-address.ts";
import type { Notice } from "./option-notices.ts";
import type { PluginOptions } from "./plugin-schema.ts";
import { toRefusal, type Report } from "./report.ts";

/** A Podman service that tasks can choose. */
export interface PodmanSocket {
  /** What tasks call it in `socket`. */
  readonly name: string;
  /** Absolute path of its socket; `tcp://host:port` of a remote one. */
  readonly path: string;
  /** How a service is reached that is not on a socket of this host. */
  readonly remote?: RemotePlace | undefined;
  /** The user whose the socket must be; undefined: anybody's. */
  readonly ownerId?: number | undefined;
  /** True for exactly one: that of tasks that choose none. */
  readonly isDefault: boolean;
}

export interface ResolvedSockets {
  /** At least one, in the order of the config. */
  readonly sockets: readonly PodmanSocket[];
  /** Blocks that were left out. */
  readonly warnings: readonly Notice[];
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
  options: Pick<PluginOptions, "socket" | "socket_path" | "endpoint" | "tls">,
  users: HostUsers,
  report: Report,
): ResolvedSockets {
  const { socket: blocks, socket_path: own, endpoint: dockers, tls } = options;
  const spellings = [
    { key: "socket_path", value: own },
    { key: "endpoint", value: dockers },
  ];
  const address = oneSpelling(spellings, report);
  if (blocks.length > 0) {
    if (address !== undefined) report.refuse({ ...address, problem: "and socket exclude each other", remedy: "remove one of them" });
    if (asksForSomething(tls)) report.refuse({ key: "tls", problem: "goes with socket_path", remedy: "write it into the socket blocks" });
    return resolveBlocks(blocks, users, report);
  }
  const given = { key: address?.key ?? "socket_path", value: address?.value ?? socketOfUser(users.uid) };
  return { sockets: [{ name: defaultName, ...resolveAddress(given, { tls, tlsKey: "tls", report }), isDefault: true }], warnings: [] };
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
  const others = kept.filter((socket) => socket !== chosen);
  return {
    sockets: kept.map((socket) => ({ ...socket, isDefault: socket === chosen })),
    warnings: [
      ...dropped.map(({ name, path }) => ({
        key: "socket",
        message: `socket ${JSON.stringify(name)} at ${path} is ignored: an earlier block has the same name`,
      })),
      ...others.flatMap(({ name }, index) => {
        const twin = others.slice(0, index).find((other) => toAttributeName(other.name) === toAttributeName(name));
        return twin === undefined ? [] : [{ key: "socket", message: toTwinWarning(twin.name, name) }];
      }),
    ],
  };
}

function toTwinWarning(name: string, twin: string): string {
  const names = `sockets ${JSON.stringify(name)} and ${JSON.stringify(twin)}`;
  return `${names} have the same attributes driver.podman.${toAttributeName(name)}.…, which tell of the second: rename one of them`;
}

/** What a service that is not the default one is called in the node's attributes: each byte but ASCII's letters and digits is a `_`. */
export function toAttributeName(name: string): string {
  return Buffer.from(name).toString("latin1").replace(/[^A-Za-z0-9]/g, "_");
}

/** @param key of the block, for messages */
function resolvePlace(
  { socket_path: address = "", host_user: user = "", tls }: SocketBlock,
  key: string,
  { users, report }: { readonly users: HostUsers; readonly report: Report },
): Pick<PodmanSocket, "path" | "remote" | "ownerId"> {
  const resolve = (value: string): Place => resolveAddress({ key: `${key}.socket_path`, value }, { tls, tlsKey: `${key}.tls`, report });
  if (user === "" && address === "") {
    const remedy = "write where the service listens, e.g. unix:///run/podman/podman.sock, or whose it is, as host_user";
    report.refuse({ key: `${key}.socket_path`, problem: "is not set", remedy });
    return { path: "" };
  }
  if (user === "") return resolve(address);
  const ownerId = /^\d{1,10}$/.test(user) ? Number(user) : users.findUser(user);
  if (ownerId === undefined) {
    const problem = "is no user that /etc/passwd has";
    report.refuse({ key: `${key}.host_user`, value: user, problem, remedy: 'write the user\'s id, e.g. "1000"' });
    return { path: "" };
  }
  const place = resolve(address === "" ? socketOfUser(ownerId) : address);
  if (place.remote !== undefined) {
    const problem = "names a user of this host, and the service is on another";
    report.refuse({ key: `${key}.host_user`, value: user, problem, remedy: "remove it" });
  }
  return { ...place, ownerId };
}

type Place = Pick<PodmanSocket, "path" | "remote">;

interface TlsGiven {
  readonly tls: PluginOptions["tls"];
  /** Of the block, for messages. */
  readonly tlsKey: string;
  readonly report: Report;
}

/** Who can speak to Podman is root where it runs, so that nothing goes over the network without TLS. */
function resolveAddress({ key, value }: { readonly key: string; readonly value: string }, { tls, tlsKey, report }: TlsGiven): Place {
  const address = report.attempt(key, { path: "" }, () => parseSocketAddress(value, key));
  if ("path" in address) {
    if (asksForSomething(tls)) {
      report.refuse({ key: tlsKey, problem: "is for a tcp address, and the socket is one of this host", remedy: "remove it" });
    }
    return address;
  }
  if (tls === undefined) {
    const remedy = `add a block ${tlsKey} with ca, cert and key`;
    report.refuse({ key, value, problem: "needs TLS: over plain TCP anybody on the way could be root there", remedy });
  }
  const remote = { ...address, tls: resolveTls(tls, tlsKey, report) };
  return { path: describePlace({ remote }), remote };
}

function resolveTls(tls: PluginOptions["tls"], tlsKey: string, report: Report): TlsFiles {
  const { ca = "", cert = "", key = "" } = tls ?? {};
  for (const [name, path] of Object.entries({ ca, cert, key })) {
    if (path === "" || isAbsolute(path)) continue;
    report.refuse({ key: `${tlsKey}.${name}`, value: path, problem: "is no absolute path of a PEM file", remedy: "write one" });
  }
  if ((cert === "") !== (key === "")) {
    const [missing, given] = cert === "" ? ["cert", "key"] : ["key", "cert"];
    report.refuse({ key: `${tlsKey}.${given}`, problem: `is of no use without ${missing}`, remedy: "set both or neither" });
  }
  return { ca: ca === "" ? undefined : ca, client: cert === "" ? undefined : { cert, key } };
}

function socketOfUser(uid: number): string {
  return uid === 0 ? "/run/podman/podman.sock" : `/run/user/${uid}/podman/podman.sock`;
}
