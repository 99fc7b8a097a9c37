import { toRefusal } from "./report.ts";

/** The longest path that the kernel takes for a socket. */
const maxPathBytes = 107;

/** Where an address leads: a unix socket of this host, or a TCP port. */
export type SocketAddress =
  | {
      /** Absolute. */
      readonly path: string;
    }
  | {
      /** Name or address, IPv6 without brackets. */
      readonly host: string;
      readonly port: number;
    };

/**
 * `unix:/p`, `unix://p`, `unix:///p` and the bare path mean the same, as with the Go driver; a slash too many is none.
 * `tcp://host:port` is Docker's form.
 * @param key the config key it stands under, for the message
 * @throws DriverError `config-invalid` for relative and overlong paths and for other addresses
 */
export function parseSocketAddress(address: string, key: string): SocketAddress {
  const refusal = (problem: string, remedy = "write a unix socket, e.g. unix:///run/podman/podman.sock"): Error =>
    toRefusal({ key, value: address, problem: `is no address of a Podman service: ${problem}`, remedy });
  const scheme = /^[a-z][a-z0-9+.-]*(?=:)/i.exec(address)?.[0].toLowerCase();
  if (scheme === "tcp") {
    const remote = parseHostPort(address);
    if (remote === undefined) throw refusal("it must be a host and a port", "write e.g. tcp://podman.example.com:2376");
    return remote;
  }
  if (scheme !== undefined && scheme !== "unix") throw refusal(`${scheme} addresses are not supported`);
  const rest = scheme === undefined ? address : address.slice("unix:".length);
  // `unix://run/podman.sock`, with two slashes, is the form that the Go driver's documentation shows.
  const path = rest.replace(/\/{2,}/g, "/").replace(/(?<=.)\/$/, "");
  if (!path.startsWith("/") || path === "/") throw refusal("the path of the socket must be absolute");
  if (Buffer.byteLength(path) > maxPathBytes) throw refusal(`the path of a socket has at most ${maxPathBytes} bytes`, "use a shorter one");
  return { path };
}

function parseHostPort(address: string): { readonly host: string; readonly port: number } | undefined {
  const { host, port } = /^tcp:\/\/(?<host>\[[0-9a-f:.]+\]|[^\s/:@[\]]+):(?<port>\d{1,5})\/?$/i.exec(address)?.groups ?? {};
  const number = Number(port);
  if (host === undefined || !(number >= 1 && number <= 65_535)) return undefined;
  return { host: host.replace(/^\[|\]$/g, ""), port: number };
}
