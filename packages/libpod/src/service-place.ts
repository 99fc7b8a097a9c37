import { readFileSync } from "node:fs";
import { isIP } from "node:net";
import type { RequestOptions } from "node:https";
import { trustHostAuthorities } from "@driver/std";

/** Where a Podman service listens: on a unix socket of this host, or on a TCP port behind TLS. */
export type ServicePlace =
  | {
      /** Path of the service's unix socket. */
      readonly socketPath: string;
    }
  | { readonly remote: RemotePlace };

export interface RemotePlace {
  /** Name or address, IPv6 without brackets; the service's certificate must be for it. */
  readonly host: string;
  readonly port: number;
  readonly tls: TlsFiles;
}

/** Paths of PEM files. They are read for each request, so that renewed ones are used at once. */
export interface TlsFiles {
  /** The certificates that the service's is checked with; undefined: those that Node knows. */
  readonly ca?: string | undefined;
  /** What this client shows of itself; undefined: nothing. */
  readonly client?: { readonly cert: string; readonly key: string } | undefined;
}

/** The place in messages: the socket's path, or `tcp://host:port`. */
export function describePlace(place: ServicePlace): string {
  if ("socketPath" in place) return place.socketPath;
  const { host, port } = place.remote;
  return `tcp://${host.includes(":") ? `[${host}]` : host}:${port}`;
}

/**
 * What a request needs to get there.
 * @throws when a file of TLS cannot be read
 */
export function toConnectOptions(place: ServicePlace): RequestOptions {
  if ("socketPath" in place) return { socketPath: place.socketPath };
  const { host, port, tls: { ca, client } } = place.remote;
  if (ca === undefined) trustHostAuthorities();
  return {
    host,
    port,
    // Node would take the name of the request's header for the one that the certificate must be for.
    servername: isIP(host) === 0 ? host : "",
    ...(ca !== undefined && { ca: readFileSync(ca) }),
    ...(client !== undefined && { cert: readFileSync(client.cert), key: readFileSync(client.key) }),
  };
}
