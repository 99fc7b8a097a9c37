import { toRefusal } from "./report.ts";

/** The longest path that the kernel takes for a socket. */
const maxPathBytes = 107;

/**
 * The absolute path of a Podman service's socket. `unix:/p`, `unix://p`, `unix:///p` and the bare path mean the same, as
 * with the Go driver.
 * @param key the config key it stands under, for the message
 * @throws DriverError `config-invalid` for relative and overlong paths and for addresses that are no unix socket
 */
export function parseSocketAddress(address: string, key: string): string {
  const refusal = (problem: string, remedy = "write a unix socket, e.g. unix:///run/podman/podman.sock"): Error =>
    toRefusal({ key, value: address, problem: `is no address of a Podman service: ${problem}`, remedy });
  const scheme = /^[a-z][a-z0-9+.-]*(?=:)/i.exec(address)?.[0];
  if (scheme !== undefined && scheme !== "unix") throw refusal(`${scheme} addresses are not supported`);
  const rest = scheme === undefined ? address : address.slice("unix:".length);
  // `unix://run/podman.sock`, with two slashes, is the form that the Go driver's documentation shows.
  const path = rest.replace(/^\/+/, "/");
  if (!path.startsWith("/") || path === "/") throw refusal("the path of the socket must be absolute");
  if (Buffer.byteLength(path) > maxPathBytes) throw refusal(`the path of a socket has at most ${maxPathBytes} bytes`, "use a shorter one");
  return path;
}
