import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import os from "node:os";

type Interfaces = ReturnType<typeof os.networkInterfaces>;

/**
 * The address from which ports are given: of the default route's interface, else of the first that is a device of this host, else
 * loopback. Not that of a bridge or a tunnel, which may go with the container or program that it was made for.
 */
export async function resolveHostAddress(): Promise<string> {
  const routes = await readFile("/proc/net/route", "utf8").catch(() => "");
  return chooseHostAddress(routes, os.networkInterfaces(), (name) => existsSync(`/sys/class/net/${name}/device`));
}

/** `routes` is the text of /proc/net/route. */
export function chooseHostAddress(routes: string, interfaces: Interfaces, isDevice: (name: string) => boolean): string {
  const names = [...defaultRouteInterfaces(routes), ...Object.keys(interfaces).filter(isDevice)];
  const addresses = names.flatMap((name) => interfaces[name] ?? []);
  return addresses.find(({ family, internal }) => family === "IPv4" && !internal)?.address ?? "127.0.0.1";
}

/** Interfaces of default routes, the one with the lowest metric first. */
function defaultRouteInterfaces(routes: string): readonly string[] {
  return routes
    .split("\n")
    .slice(1)
    .map((line) => line.trim().split(/\s+/))
    .filter(([, destination, , , , , , mask]) => destination === "00000000" && mask === "00000000")
    .sort((one, other) => Number(one[6]) - Number(other[6]))
    .map(([name]) => name ?? "");
}
