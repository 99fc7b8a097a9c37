import { DriverError } from "@driver/nomad-plugin";

/** The longest path that the kernel takes for a socket. */
const maxPathBytes = 107;

/**
 * The absolute path of a Podman service's socket. `unix:/p`, `unix://p`, `unix:///p` and the bare path mean the same, as
 * with the Go driver.
 * @param key the config key it stands under, for the message
 * @throws DriverError `config-invalid` for relative and overlong paths and for addresses that are no unix socket
 */
export function parseSocketAddress(address: string, key: string): string {
  const scheme = /^[a-z][a-z0-9+.-]*(?=:)/i.exec(address)?.[0];
  if (scheme !== undefined && scheme !== "unix") {
    throw refuse(address, key, `${scheme} addresses are not supported; use a unix socket, e.g. unix:///run/podman/podman.sock`);
  }
  const rest = scheme === undefined ? address : address.slice("unix:".length);
  // `unix://run/podman.sock`, with two slashes, is the form that the Go driver's documentation shows.
  const path = rest.replace(/^\/+/, "/");
  if (!path.startsWith("/") || path === "/") {
    throw refuse(address, key, "the path of the socket must be absolute, e.g. unix:///run/podman/podman.sock");
  }
  if (Buffer.byteLength(path) > maxPathBytes) throw refuse(address, key, `the path of a socket has at most ${maxPathBytes} bytes`);
  return path;
}

function refuse(address: string, key: string, problem: string): DriverError {
  return new DriverError("config-invalid", `config key ${key}: ${JSON.stringify(address)} is no address of a Podman service: ${problem}`);
}
